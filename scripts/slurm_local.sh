#!/usr/bin/env bash
# A real Slurm on this one machine: two nodes with four pretend GPUs each, two partitions (high preempts low), accounting.
#
#   eval "$(scripts/slurm_local.sh up)"    start it, and point this shell at it
#   scripts/slurm_local.sh status          what runs
#   scripts/slurm_local.sh down            stop what `up` started, and nothing else
#   scripts/slurm_local.sh node n2 kill    kill a node's daemon and all that runs on it, as a power cut would; `start` brings it back
#
# Two of these live beside each other with a STARIA_SLURM_DIR and a STARIA_SLURM_PORT each, 100 apart: a training's
# processes meet at a port that follows from the job's number, so the numbers begin where the port says.
# Debian's packages are installed if they are missing. Everything lies in one private folder, STARIA_SLURM_DIR; no systemd, no cgroups.
set -euo pipefail
R="${STARIA_SLURM_DIR:-${XDG_RUNTIME_DIR:-/tmp}/staria-slurm-$(id -u)}"
H="$(hostname -s)"
ME="$(id -un)"
BASE="${STARIA_SLURM_PORT:-16817}"      # slurmctld; the database is one up, the nodes follow
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
say() { echo "slurm_local: $*" >&2; }
fail() { say "$*"; exit 1; }
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null && grep -qaF -- "$2" "/proc/$(cat "$1")/cmdline" 2>/dev/null; }   # a recorded process that is still the one we started
export SLURM_CONF="$R/slurm.conf"

install() {
    local missing=()
    command -v munged >/dev/null || missing+=(munge)
    command -v slurmctld >/dev/null || missing+=(slurmctld)
    command -v slurmd >/dev/null || missing+=(slurmd)
    command -v sbatch >/dev/null || missing+=(slurm-client)
    command -v slurmdbd >/dev/null || missing+=(slurmdbd)
    command -v mariadbd >/dev/null || missing+=(mariadb-server)
    [ ${#missing[@]} = 0 ] && return
    command -v apt-get >/dev/null || fail "${missing[*]} are missing and there is no apt-get here: install Slurm, munge and MariaDB, then call this again"
    local sudo=""; [ "$(id -u)" = 0 ] || sudo=sudo
    say "installing ${missing[*]}"
    local apt="$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300" out
    out="$($apt update 2>&1 && $apt install -y --no-install-recommends "${missing[@]}" 2>&1)" || { echo "$out" | tail -5 >&2; fail "the packages could not be installed: check the network and apt"; }
}

configure() {
    mkdir -p "$R/state" "$R/log" "$R/run"; chmod 700 "$R"
    [ -s "$R/munge.key" ] || { (umask 077; head -c 1024 /dev/urandom > "$R/munge.key"); }
    touch "$R"/fakegpu{0,1,2,3}
    cat > "$R/slurm.conf" <<CONF
ClusterName=staria
SlurmctldHost=$H(127.0.0.1)
SlurmctldPort=$BASE
FirstJobId=$((BASE % 1000 * 10 + 1))
SlurmUser=$ME
SlurmdUser=$ME
AuthType=auth/munge
AuthInfo=socket=$R/munge.sock,cred_expire=5
CredType=cred/munge
SlurmctldPidFile=$R/run/slurmctld.pid
SlurmdPidFile=$R/run/slurmd.%n.pid
SlurmdSpoolDir=$R/state/slurmd.%n
StateSaveLocation=$R/state
SlurmctldLogFile=$R/log/slurmctld.log
SlurmdLogFile=$R/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
JobRequeue=1
KillWait=10
SlurmdTimeout=20
MailProg=/bin/true
GresTypes=gpu,mark,token
$1
NodeName=n1 NodeHostname=$H NodeAddr=127.0.0.1 Port=$((BASE + 2)) CPUs=16 RealMemory=16000 Gres=gpu:4,mark:1,token:1
NodeName=n2 NodeHostname=$H NodeAddr=127.0.0.1 Port=$((BASE + 3)) CPUs=16 RealMemory=16000 Gres=gpu:4,mark:1,token:1
PartitionName=low Nodes=n1,n2 Default=YES MaxTime=60 PriorityTier=1 PreemptMode=REQUEUE GraceTime=15
PartitionName=high Nodes=n1,n2 MaxTime=60 PriorityTier=10 PreemptMode=OFF
CONF
    printf '%s\n' "Name=gpu File=$R/fakegpu[0-3]" "Name=mark Count=1" "Name=token Count=1" > "$R/gres.conf"     # mark, token: something to compete for without disturbing other jobs
    cat > "$R/profile.yaml" <<CONF
# Both nodes are this machine, so the processes of a training meet on its own loopback.
partition: low
cpus_per_task: 1
memory_gb: 2
hours: 0.25
warning_s: 60
environment: {MASTER_ADDR: 127.0.0.1, GLOO_SOCKET_IFNAME: lo, OMP_NUM_THREADS: '1'}
CONF
}

start_node() { setsid slurmd -D -N "$1" > "$R/log/slurmd.$1.out" 2>&1 < /dev/null & echo $! > "$R/run/started.$1"; }

start_accounting() {   # Prints the lines of slurm.conf; on trouble says so and goes without
    local data="$R/mariadb"
    if [ ! -d "$data/mysql" ]; then
        mariadb-install-db --no-defaults --datadir="$data" --user="$ME" --auth-root-authentication-method=normal --skip-test-db > "$R/log/mariadb-install.log" 2>&1 || { say "no accounting: the database could not be made (log/mariadb-install.log)"; return; }
    fi
    setsid mariadbd --no-defaults --datadir="$data" --socket="$R/mariadb.sock" --pid-file="$R/run/mariadbd.pid" --skip-networking --skip-grant-tables --user="$ME" --innodb-buffer-pool-size=64M --innodb-lock-wait-timeout=900 > "$R/log/mariadb.log" 2>&1 < /dev/null &
    echo $! > "$R/run/started.mariadbd"
    for _ in $(seq 150); do [ -S "$R/mariadb.sock" ] && mariadb --no-defaults --socket="$R/mariadb.sock" -e 'select 1' >/dev/null 2>&1 && break; sleep 0.2; done
    mariadb --no-defaults --socket="$R/mariadb.sock" -e 'create database if not exists slurm_acct_db' 2>/dev/null || { say "no accounting: the database does not answer (log/mariadb.log)"; return; }
    (umask 077; cat > "$R/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$R/munge.sock
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$((BASE + 1))
SlurmUser=$ME
PidFile=$R/run/slurmdbd.pid
LogFile=$R/log/slurmdbd.log
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=$ME
StorageLoc=slurm_acct_db
CONF
    )
    MYSQL_UNIX_PORT="$R/mariadb.sock" setsid slurmdbd -D > "$R/log/slurmdbd.out" 2>&1 < /dev/null &
    echo $! > "$R/run/started.slurmdbd"
    for _ in $(seq 100); do (exec 3<> "/dev/tcp/127.0.0.1/$((BASE + 1))") 2>/dev/null && break; sleep 0.2; done
    alive "$R/run/started.slurmdbd" slurmdbd || { say "no accounting: slurmdbd ended (log/slurmdbd.log)"; return; }
    printf '%s\n' AccountingStorageType=accounting_storage/slurmdbd AccountingStorageHost=127.0.0.1 "AccountingStoragePort=$((BASE + 1))" "AccountingStoragePass=$R/munge.sock"
}

point() { echo "export SLURM_CONF=$R/slurm.conf STARIA_SLURM_PROFILE=$R/profile.yaml STARIA_SLURM_DIR=$R STARIA_SLURM_SCRIPT=$(cd "$(dirname "$0")" && pwd)/slurm_local.sh"; }

up() {
    if alive "$R/run/started.slurmctld" slurmctld && sinfo -h >/dev/null 2>&1; then say "already up in $R"; point; return; fi
    install
    down quiet
    configure ""
    setsid munged --foreground --force --key-file="$R/munge.key" --socket="$R/munge.sock" --pid-file="$R/run/munged.pid" --log-file="$R/log/munged.log" --seed-file="$R/munge.seed" > "$R/log/munged.out" 2>&1 < /dev/null &
    echo $! > "$R/run/started.munged"
    for _ in $(seq 100); do [ -S "$R/munge.sock" ] && break; sleep 0.1; done
    [ -S "$R/munge.sock" ] || fail "munge did not start: see $R/log/munged.out and munged.log"
    configure "$(start_accounting)"
    if grep -q ^AccountingStorageHost "$R/slurm.conf"; then sacctmgr -i add cluster staria > "$R/log/sacctmgr.out" 2>&1 || true; fi
    setsid slurmctld -D > "$R/log/slurmctld.out" 2>&1 < /dev/null & echo $! > "$R/run/started.slurmctld"
    start_node n1; start_node n2
    for _ in $(seq 150); do [ "$(sinfo -h -N -t idle -p low -o %N 2>/dev/null | wc -l)" = 2 ] && break; sleep 0.2; done
    [ "$(sinfo -h -N -t idle -p low -o %N 2>/dev/null | wc -l)" = 2 ] || { tail -n 3 "$R"/log/slurm*.log >&2; down; fail "the nodes did not come up: see $R/log"; }
    say "up in $R"
    point
}

kill_tree() {   # A process and all that it started, leaves last
    local child
    kill -STOP "$1" 2>/dev/null || return 0
    for child in $(pgrep -P "$1" || true); do kill_tree "$child"; done
    kill -KILL "$1" 2>/dev/null || true
}

kill_node() {   # The daemon, and the step daemons of this node (they have left its process tree) with all their tasks
    local step child
    alive "$R/run/started.$1" slurmd && kill -KILL "$(cat "$R/run/started.$1")"
    rm -f "$R/run/started.$1"
    for step in $(pgrep -f "^slurmstepd: \[" || true); do
        for child in $(pgrep -P "$step" || true); do
            if tr '\0' '\n' < "/proc/$child/environ" 2>/dev/null | grep -qxF "SLURMD_NODENAME=$1" && tr '\0' '\n' < "/proc/$child/environ" | grep -qxF "SLURM_CONF=$R/slurm.conf"; then kill_tree "$step"; break; fi
        done
    done
}

down() {
    if alive "$R/run/started.slurmctld" slurmctld; then
        scancel -u "$ME" 2>/dev/null || true
        for _ in $(seq 60); do [ -z "$(squeue -h 2>/dev/null)" ] && break; sleep 0.25; done
        scontrol shutdown >/dev/null 2>&1 || true
    fi
    local name pid
    for name in n1 n2 slurmctld slurmdbd mariadbd munged; do
        case $name in n1 | n2) pid=slurmd ;; *) pid=$name ;; esac
        if alive "$R/run/started.$name" "$pid"; then
            pid="$(cat "$R/run/started.$name")"
            for _ in $(seq 150); do [ "$name" = n1 ] || [ "$name" = n2 ] || [ "$name" = slurmctld ] || kill "$pid" 2>/dev/null || true; kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
            kill -KILL "$pid" 2>/dev/null || true
        fi
        rm -f "$R/run/started.$name"
    done
    if [ "${1:-}" != quiet ]; then rm -rf "$R"; say "down"; fi
}

status() {
    local name
    for name in munged mariadbd slurmdbd slurmctld n1 n2; do
        if [ -s "$R/run/started.$name" ] && kill -0 "$(cat "$R/run/started.$name")" 2>/dev/null; then echo "$name: process $(cat "$R/run/started.$name")"; else echo "$name: not running"; fi
    done
    alive "$R/run/started.slurmctld" slurmctld || { say "down; 'eval \"\$(scripts/slurm_local.sh up)\"' starts it"; exit 3; }
    sinfo -N -o "%N %P %T %G"; squeue
}

case "${1:-}" in
    up) up ;;
    down) down ;;
    status) status ;;
    node) case "${3:-}" in kill) kill_node "$2" ;; start) start_node "$2" ;; *) fail "use: node n1|n2 kill|start" ;; esac ;;
    *) fail "use: up, down, status, or node n1|n2 kill|start" ;;
esac
