#!/usr/bin/env bash
# Makes the Python environment of the client tests, or brings it up to date: $CLIENTS_VENV, by default
# target/clients-venv. Run again it takes no time. An older MLflow client goes beside it, into older-mlflow.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients-venv}
older=3.17.2
stamp=$venv/made-from
wanted=$(cat "$here/requirements.txt" "$here/env.sh" | cksum)

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && "$venv/bin/python" -c 'import mlflow.version'; then
    exit 0
fi

# A name that a version manager keeps but does not serve is passed over.
python=
for name in python3.13 python3.12 python3.11 python3 python; do
    if "$name" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "no Python 3.11 or newer with the venv module found; install python3 and python3-venv" >&2
    exit 1
fi

echo "making the environment of the client tests in $venv"
"$python" -m venv --clear "$venv"
install() { "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "$@"; }
install --requirement "$here/requirements.txt"
resolved=$("$venv/bin/python" -c 'import importlib.metadata as m; print(m.version("mlflow"))')
# A release whose own pins are not published yet still runs on the dependencies of the one before it.
if ! { install --no-deps --upgrade 'mlflow<4' && "$venv/bin/python" -c 'import mlflow.server.fastapi_app' 2>/dev/null; }; then
    install --no-deps --force-reinstall "mlflow==$resolved"
fi
install --no-deps --target "$venv/older-mlflow" "mlflow==$older"
"$venv/bin/python" -c 'import mlflow; print("MLflow", mlflow.__version__)' 2>/dev/null
echo "$wanted" >"$stamp"
