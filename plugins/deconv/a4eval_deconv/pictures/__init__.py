"""The pictures of the tasks, a file each."""
