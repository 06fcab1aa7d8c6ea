#!/usr/bin/env bash
# Proves that models go to Python and back: a model trained here predicts the same in setfit, a model that
# setfit saved predicts the same here once its head is converted, and its pickle is refused until then. And
# that ten steps of training an encoder have PyTorch's gradients, every value of every parameter.
# Makes a Python environment of its own (PyTorch and friends, 1 GB or more; with PyTorch's index of CPU
# wheels in PIP_EXTRA_INDEX_URL less), so neither install.sh nor test.sh calls this.
#
# Usage: scripts/check-setfit.sh [ENCODER_FOLDER...]
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${LAUTER_TEST_CACHE:-.build-tests}
python=$cache/setfit/bin/python
requirements=(torch==2.13.0 transformers==4.57.6 sentence-transformers==5.1.2 setfit==1.2.0 scikit-learn==1.9.1)
if [ "$(cat "$cache/setfit/requirements" 2>/dev/null)" != "${requirements[*]}" ]; then
  echo "making a Python environment with setfit in $cache/setfit" >&2
  mkdir -p "$cache"
  python3 -m venv --clear "$cache/setfit"
  "$cache/setfit/bin/pip" -q --disable-pip-version-check install "${requirements[@]}"
  echo "${requirements[*]}" >"$cache/setfit/requirements"
fi
if [ $# -eq 0 ]; then
  for encoder in "${LAUTER_TEST_ENCODERS:-$cache/encoders}"/*/; do set -- "$@" "$encoder"; done
fi
export LAUTER_TRAINER=${LAUTER_TRAINER:-.build/release/lauter-trainer} HF_HUB_OFFLINE=1
scripts/build.sh --build-tests
gradients=$(mktemp -d)
trap 'rm -rf "$gradients"' EXIT
for encoder in "$@"; do
  "$python" scripts/check-setfit.py "$encoder"
  "$python" scripts/make-gradient-fixtures.py --encoder "$encoder" --output "$gradients"
  LAUTER_TEST_GRADIENTS=$gradients swift test -c release --explicit-target-dependency-import-check error \
    --skip-build --filter agreesWithPyTorchOnRealWeights
done
