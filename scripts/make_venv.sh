#!/bin/sh
# Make a virtual environment with pip, or say plainly what is missing.
# usage: make_venv.sh FOLDER [INTERPRETER]
set -eu

folder=$1
chosen=${2:-}

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

complete() {
    "$1" -c 'import venv, ensurepip' >/dev/null 2>&1
}

found=
incomplete=
for python in ${chosen:-python3 python3.14 python3.13 python3.12 python3.11}; do
    new_enough "$python" || continue
    if complete "$python"; then
        found=$python
        break
    fi
    incomplete=${incomplete:-$python}
done

if [ -z "$found" ] && [ -n "$incomplete" ]; then
    version=$("$incomplete" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if "$incomplete" -m virtualenv --version >/dev/null 2>&1; then
        echo "making $folder with virtualenv, as $incomplete comes without the venv module"
        exec "$incomplete" -m virtualenv --quiet "$folder"
    fi
    cat >&2 <<MESSAGE
triage: $incomplete is Python $version, but it comes without the modules venv and ensurepip, which
Debian and Ubuntu ship apart. Install them, then run the same make command again:

    sudo apt-get install python$version-venv

MESSAGE
    exit 1
fi

if [ -z "$found" ]; then
    cat >&2 <<MESSAGE
triage: no Python 3.11 or newer was found${chosen:+ as $chosen}. On Debian 12 or newer and on Ubuntu 24.04 or
newer, this installs it, then run the same make command again:

    sudo apt-get install python3 python3-venv

A Python elsewhere can be named: make demo PYTHON=/opt/python3.12/bin/python3

MESSAGE
    exit 1
fi

echo "making $folder with $found ($("$found" --version))"
if ! "$found" -m venv "$folder"; then
    rm -rf "$folder"
    echo "triage: $found could not make $folder, see above" >&2
    exit 1
fi
