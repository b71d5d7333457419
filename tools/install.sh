#!/bin/sh
# Makes .venv from requirements.lock; called by make.
set -eu

NEEDED=3.12
LOCK=requirements.lock
STAMP=.venv/.locked

version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

new_enough() {
    major=${1%%.*}
    rest=${1#*.}
    [ $((major * 100 + ${rest%%.*})) -ge 312 ]
}

find_python() {
    found=none
    for candidate in ${PYTHON:-python3.12 python3 python python3.13 python3.14 "$HOME"/.pyenv/versions/3.12*/bin/python}; do
        version=$(version_of "$candidate") || continue
        [ -n "$version" ] || continue
        if new_enough "$version"; then
            echo "$candidate"
            return
        fi
        [ "$found" != none ] || found="$version ($candidate)"
    done
    echo "error: the book needs Python $NEEDED or newer and found $found; get it with 'pyenv install $NEEDED'," \
        "'apt-get install python$NEEDED python$NEEDED-venv', 'brew install python@$NEEDED' or from python.org, then run" \
        "make again, naming it with PYTHON=/path/to/python$NEEDED if it is not on the PATH." >&2
    exit 1
}

python=$(find_python)
echo "Installing into .venv with $python ($(version_of "$python")) from $LOCK"
rm -rf .venv
"$python" -m venv .venv

uv_lock=.venv/uv.lock
awk '/^uv==/ {inside = 1; print; next} /^[^ ]/ {inside = 0} inside && /--hash/' "$LOCK" > "$uv_lock"
if ! {
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$uv_lock" &&
    .venv/bin/uv pip install --quiet --python .venv/bin/python --require-hashes -r "$LOCK"
}; then
    echo "uv could not install the lock; pip tries, which takes a few minutes" >&2
    .venv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes -r "$LOCK"
fi
touch "$STAMP"
