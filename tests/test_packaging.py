"""What is built: wheels without a warning, and source archives that hold all there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = [".", *(f"plugins/{one.parent.name}" for one in sorted(ROOT.glob("plugins/*/pyproject.toml")))]
MADE = shutil.ignore_patterns(
    ".git", ".?*_cache", ".venv*", ".hypothesis", "__pycache__", "build", "dist", "*.egg-info", "outputs", "multirun"
)
BUILD = "from setuptools.build_meta import build_sdist, build_wheel; build_sdist('dist'); build_wheel('dist')"


def build(folder):
    """Build both archives of a distribution with every warning an error, and return all that was said."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", BUILD],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Copies of the sources of each distribution, without what others made of them."""
    where = tmp_path_factory.mktemp("sources")
    return {one: shutil.copytree(ROOT / one, where / one.replace("/", "-") / "source", ignore=MADE) for one in FOLDERS}


@pytest.fixture(scope="module")
def said(sources):
    """What the build of each distribution said; the archives lie in its dist."""
    with ThreadPoolExecutor(2) as two:
        return dict(zip(FOLDERS, two.map(build, sources.values()), strict=True))


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_build_warns(said, folder):
    warnings = [
        line
        for line in said[folder].splitlines()
        if re.search(r"warn(ing)?s?\b|deprecat|no previously|absent", line, re.IGNORECASE)
    ]
    assert not warnings


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_source_archive_holds_all_there_is(said, sources, folder):
    archive = next((sources[folder] / "dist").glob("*.tar.gz"))
    with tarfile.open(archive) as opened:
        held = {one.name.partition("/")[2] for one in opened if one.isfile()}
    made = re.compile(r"(^|/)(build|dist|[^/]*\.egg-info)/|^PKG-INFO$|^setup\.cfg$|^\.gitignore$")
    there = {
        path.relative_to(sources[folder]).as_posix() for path in (sources[folder]).rglob("*") if path.is_file()
    }  # fmt: skip
    assert {one for one in there if not made.search(one)} == {one for one in held if not made.search(one)}


def test_a_wheel_holds_the_package_alone(said, sources):
    import zipfile

    for folder in FOLDERS:
        wheel = next((sources[folder] / "dist").glob("*.whl"))
        held = zipfile.ZipFile(wheel).namelist()
        package = "a4eval" if folder == "." else f"a4eval_{Path(folder).name}"
        others = {one.partition("/")[0] for one in held if not one.startswith(f"{package}-0")}
        assert others == ({package, "hydra_plugins"} if folder == "." else {package})
        where = sources[folder] / package
        expected = {
            one.relative_to(sources[folder]).as_posix()
            for one in where.rglob("*")
            if one.is_file() and "__pycache__" not in one.parts
        }
        assert expected <= set(held)


def test_all_holds_every_extra_of_a_user():
    of_developers = {"all", "docs", "testing", "test", "lint", "conformance"}
    frameworks = {"torch", "torchmetrics", "keras", "jax", "tensorflow", "onnx"}  # torchmetrics needs torch
    projects = [tomllib.loads((ROOT / one / "pyproject.toml").read_text())["project"] for one in FOLDERS]
    given = {one["name"]: one.get("optional-dependencies", {}) for one in projects}
    for extra in (named for name, named in given.items() if name != "a4eval"):
        assert not of_developers & set(extra)
    left = of_developers | frameworks
    wanted = {name: {extra for extra in extras if extra not in left} for name, extras in given.items()}
    held = re.findall(r"([\w-]+)\[([^]]*)\]", " ".join(given["a4eval"]["all"]))
    assert {name: set(extras.split(",")) for name, extras in held} == {name: one for name, one in wanted.items() if one}
    assert set(given["a4eval"]["plugins"]) == set(given) - {"a4eval"}


def workflow(name):
    """Return the jobs of a workflow, and all that they run."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / f"{name}.yml").read_text())["jobs"]
    return jobs, {job: [step["run"] for step in jobs[job]["steps"] if "run" in step] for job in jobs}


def of_the_readme(mark):
    """Return the command below a mark of the README."""
    return re.search(rf"<!-- {mark} -->\n```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)[1]


def test_continuous_integration_does_what_ci_run_and_the_readme_do():
    jobs, run = workflow("ci")
    assert run["all"] == [".ci/run"]
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert run["light"] == [of_the_readme("tests")]
    steps = {step["uses"]: step["with"] for step in jobs["all"]["steps"] if "with" in step}
    tried = {steps["actions/setup-python@v5"]["python-version"], *jobs["light"]["strategy"]["matrix"]["python"]}
    for folder in FOLDERS:
        project = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
        assert set(re.findall(r"Python :: (3\.\d+)", " ".join(project["classifiers"]))) == tried


def test_a_release_publishes_the_wheels_that_were_tested_on_every_python():
    jobs, run = workflow("release")
    assert [jobs[one].get("needs") for one in ("build", "test", "publish")] == [None, "build", "test"]
    assert set(jobs["test"]["strategy"]["matrix"]["python"]) >= set(
        workflow("ci")[0]["light"]["strategy"]["matrix"]["python"]
    )
    built = [line for lines in run.values() for line in lines if "-m build" in line]
    assert built == ['for folder in . plugins/*; do python -W error -m build --outdir dist "$folder"; done']
    assert not run["publish"], "what is published is what was built, not something made anew"
    may = [one for one in jobs if jobs[one].get("permissions", {}).get("id-token") == "write"]
    assert may == ["publish"]
    question = re.search(r"'experiment=\S+'", of_the_readme("worksheet"))[0]
    assert any(question in line for line in run["test"])


@pytest.mark.parametrize("name", ["ci", "release"])
def test_what_a_workflow_runs_is_written_in_the_shells_language(name):
    for line in (line for lines in workflow(name)[1].values() for line in lines):
        subprocess.run(["bash", "-n", "-c", line], check=True)


def test_the_links_of_a_released_readme_lead_somewhere_from_an_index(tmp_path):
    made = shutil.copytree(ROOT, tmp_path / "made", ignore=MADE)
    address = "https://example.org/owner/repository"
    subprocess.run([sys.executable, made / ".github" / "addressed.py", address, "v1"], check=True)
    for folder in FOLDERS:
        text = (made / folder / "README.md").read_text()
        links = re.findall(r"\]\(([^)#]\S*)\)", text)
        assert all(one.startswith("https://") for one in links)
        for own in re.findall(rf"{address}/blob/v1/([^)#]*)", text):
            assert (ROOT / own).exists(), own
        urls = tomllib.loads((made / folder / "pyproject.toml").read_text())["project"]["urls"]
        assert {"Repository", "Documentation", "Changelog", "Issues"} == set(urls)
    assert f"({address}/blob/v1/docs/boxes.md)" in (made / "plugins" / "box_metrics" / "README.md").read_text()
