#!/usr/bin/env bash
# Requests a second of our server beside a bare Beast loop: http_bench.sh PROGRAM [SECONDS]. Needs wrk.
set -euo pipefail
program=$1 seconds=${2:-4}
coproc bench { "$program"; }
read -r _ bare <&"${bench[0]}"
read -r _ ours <&"${bench[0]}"
measure() { # NAME URL
    printf '%-28s' "$1"
    wrk -t1 -c32 -d"${seconds}s" --latency "$2" | awk '/99%/ {p=$2} /Requests\/sec/ {r=$2} END {print r " requests/s, p99 " p}'
}
measure "bare Beast, fixed body" "http://127.0.0.1:$bare/"
measure "our server, inline" "http://127.0.0.1:$ours/inline/1"
measure "our server, pool and back" "http://127.0.0.1:$ours/pool/1"
exec {bench[1]}>&-
