#!/bin/bash
# A real Slurm of two nodes on this machine, with accounting: munge, MariaDB, slurmdbd, slurmctld and two slurmd.
#
#   sudo tests/cluster/slurm_two_nodes.sh start FOLDER    installs Debian's packages if need be
#   export SLURM_CONF=FOLDER/slurm.conf
#   sudo tests/cluster/slurm_two_nodes.sh stop FOLDER
#
# Only what was started here is ended, by the ids of its processes in FOLDER.
set -euo pipefail
export PATH=$PATH:/usr/sbin
action=$1 folder=$(realpath -m "$2")

wait_for() {
    for _ in $(seq 60); do timeout 5 "$@" >/dev/null 2>&1 && return; sleep 0.2; done
    echo "does not come up: $*" >&2
    tail -n 5 "$folder"/log/* >&2
    exit 1
}

stop() {
    scancel --me 2>/dev/null || true
    for name in slurmd.n1 slurmd.n2 slurmctld slurmdbd mariadbd munged; do
        [ -s "$folder/$name.pid" ] && kill "$(cat "$folder/$name.pid")" 2>/dev/null || true
        for _ in $(seq 50); do
            [ -s "$folder/$name.pid" ] && kill -0 "$(cat "$folder/$name.pid")" 2>/dev/null || break
            sleep 0.2
        done
    done
}

if [ "$action" = stop ]; then
    export SLURM_CONF=$folder/slurm.conf
    stop
    exit
fi

if ! command -v slurmctld slurmd slurmdbd munged mariadbd sacct >/dev/null; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurmctld slurmd slurm-client munge slurmdbd mariadb-server
fi

host=$(hostname -s)
mkdir -p "$folder"/{log,state,spool.n1,spool.n2,mysql}
chmod 755 "$folder"

# munge: who is who
dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 status=none
chmod 600 "$folder/munge.key"
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/log/munged.log" --seed-file="$folder/munge.seed"

# MariaDB and slurmdbd: the accounting, without which nobody learns that a job was killed
mariadb-install-db --datadir="$folder/mysql" --auth-root-authentication-method=normal --user=root \
    --skip-test-db >"$folder/log/install-db.log" 2>&1
mariadbd --no-defaults --user=root --datadir="$folder/mysql" --socket="$folder/mysql.socket" --skip-networking \
    --pid-file="$folder/mariadbd.pid" --innodb-buffer-pool-size=64M >"$folder/log/mariadbd.log" 2>&1 &
disown
wait_for mariadb-admin --no-defaults --user=root --socket="$folder/mysql.socket" ping
mariadb --no-defaults --user=root --socket="$folder/mysql.socket" -e "create database slurm"

port=$(( 20000 + RANDOM % 10000 ))
cat >"$folder/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$port
SlurmUser=root
PidFile=$folder/slurmdbd.pid
LogFile=$folder/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageLoc=slurm
StorageUser=root
CONF
chmod 600 "$folder/slurmdbd.conf"

cat >"$folder/slurm.conf" <<CONF
ClusterName=a4eval
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$((port + 1))
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
ReturnToService=2
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.%n.pid
SlurmdSpoolDir=$folder/spool.%n
StateSaveLocation=$folder/state
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.%n.log
SlurmdParameters=config_overrides
SchedulerType=sched/backfill
SchedulerParameters=sched_min_interval=0,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
KillWait=2
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$port
AccountingStoragePass=$folder/munge.socket
JobAcctGatherType=jobacct_gather/none
NodeName=n[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 2))-$((port + 3))] CPUs=1 RealMemory=4000 State=UNKNOWN
PartitionName=debug Nodes=n[1-2] Default=YES MaxTime=INFINITE State=UP
CONF

export SLURM_CONF=$folder/slurm.conf
export MYSQL_UNIX_PORT=$folder/mysql.socket
slurmdbd
wait_for sacctmgr -n list cluster
sacctmgr -i -Q add cluster a4eval >/dev/null 2>&1 || true
slurmctld -c
wait_for scontrol ping
slurmd -N n1
slurmd -N n2
wait_for srun --nodes=2 --ntasks=2 true
sinfo --Node
echo "export SLURM_CONF=$SLURM_CONF"
