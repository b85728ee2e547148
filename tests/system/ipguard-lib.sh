# SPDX-License-Identifier: Apache-2.0
#
# Shell functions of the system tests, over utilities/sandbox-lib.sh: the
# daemon, OVN, waiting and failing; and, of rows-lib.sh and manifest-lib.sh,
# rows of the databases and manifests.
#
# They are called from a test group's own shell (not within AT_CHECK): fail()
# ends the group.  Nothing here measures time; what must not happen is tested
# by letting something happen after it (see let_pass).

: "${IPGUARD_TEST_TIMEOUT=30}"
SANDBOX_TIMEOUT=$IPGUARD_TEST_TIMEOUT
IPGUARD_SRCDIR=$abs_top_srcdir
. "$abs_top_srcdir/utilities/sandbox-lib.sh"

# Short times: the order of events is what is tested.
ipguard_fast="--settle-time=200 --unseen-settle=300 --barrier-interval=100"


# What sanitizers are to do, if the daemon was built with them.
asan_options=detect_leaks=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
ubsan_options=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}


## Failing and waiting.

# Ends the test group as failed, with a picture of what was going on.
fail () {
    set +x
    echo "${at_where:-?}: FAILED: $*"
    # Autotest names this line in its summary.
    test -z "$at_where" || echo "$at_where" > "$at_check_line_file"
    show_state
    at_fn_log_failure
}

show_state () {
    local log

    test -n "$IPGUARD_SANDBOX" || return 0
    for log in "$IPGUARD_SANDBOX"/ovn-ipguard*.log \
               "$IPGUARD_SANDBOX"/ovn-ipguard*.stderr; do
        test -s "$log" || continue
        echo "--- end of ${log##*/}"
        tail -n 40 "$log"
    done
    if sandbox_is_running ovn-ipguard; then
        for log in status plan/show; do
            echo "--- $log"
            timeout 5 ovn-appctl -t ovn-ipguard $log 2>&1
        done
    fi
    if sandbox_is_running nb; then
        echo "--- ports"
        timeout 5 ovn-nbctl --format=csv --data=bare --no-headings \
            --columns=name,addresses,port_security,enabled,up,options \
            list Logical_Switch_Port
    fi
    if sandbox_is_running own; then
        echo "--- holds"
        timeout 10 "$abs_top_srcdir/tests/system/ovsdb-rows" \
            "$OVN_IPGUARD_DB" OVN_IPGuard Hold \
            network_name,address,state,reason,blockers,barrier1,barrier2
        echo "--- journal"
        timeout 10 "$abs_top_srcdir/tests/system/ovsdb-rows" \
            "$OVN_IPGUARD_DB" OVN_IPGuard Journal \
            sequence,action,case,address,port_name,reason
    fi
}

# Leaves the test group as skipped; as failed with IPGUARD_NO_SKIP=yes, for
# callers who made sure that everything is there.
skip () {
    echo "skipped: $*"
    if test "$IPGUARD_NO_SKIP" = yes; then
        at_fn_log_failure
    fi
    echo 77 > "$at_status_file"
    exit 77
}

# Runs a command that must succeed.
check () {
    local status

    echo "check $*"
    "$@" > check-output 2>&1 5>&- 6>&-
    status=$?
    test $status = 0 || {
        cat check-output
        fail "status $status: $*"
    }
}

# Runs a command that must fail.
check_fails () {
    echo "check_fails $*"
    if "$@" > check-output 2>&1 5>&- 6>&-; then
        cat check-output
        fail "succeeded: $*"
    fi
}

# check_fails_with REGEX COMMAND...: it must fail and say so.
check_fails_with () {
    local pattern="$1"

    shift
    echo "check_fails_with $pattern $*"
    if "$@" > failure-output 2>&1 5>&- 6>&-; then
        cat failure-output
        fail "succeeded: $*"
    fi
    grep -Eq -e "$pattern" failure-output || {
        cat failure-output
        fail "no match of /$pattern/ in the output above"
    }
}

# wait_until COMMAND...: until the command succeeds.
wait_until () {
    local deadline

    echo "wait_until $*"
    "$@" > wait-output 2>&1 && return 0
    deadline=$(($(date +%s) + IPGUARD_TEST_TIMEOUT))
    while test "$(date +%s)" -le $deadline; do
        sleep 0.1
        "$@" > wait-output 2>&1 && return 0
    done
    cat wait-output
    fail "not within $IPGUARD_TEST_TIMEOUT s: $*"
}

# For wait_until: the command fails.
not () {
    ! "$@"
}

output_has () {
    local pattern="$1"

    shift
    "$@" > output-has 2>&1
    cat output-has
    grep -Eq -e "$pattern" output-has
}

# wait_output REGEX COMMAND...: until the command's output has a match.
wait_output () {
    wait_until output_has "$@"
}

check_output () {
    echo "check_output $*"
    output_has "$@" > found-output || {
        cat found-output
        fail "no match of /$1/ in the output above"
    }
}

check_no_output () {
    echo "check_no_output $*"
    if output_has "$@" > found-output; then
        cat found-output
        fail "unexpected match of /$1/ in the output above"
    fi
}


. "$abs_top_srcdir/tests/system/rows-lib.sh"


## OVN.

# Waits until OVN has nothing more to do; every chassis that lives has it.
sync_ovn () {
    check ovn-nbctl --wait=hv --timeout=$IPGUARD_TEST_TIMEOUT sync
}

sync_sb () {
    check ovn-nbctl --wait=sb --timeout=$IPGUARD_TEST_TIMEOUT sync
}

# add_switch NAME [KEY=VALUE...]: a logical switch, with other_config.
add_switch () {
    local name="$1" pair

    shift
    check ovn-nbctl ls-add "$name"
    for pair in "$@"; do
        check ovn-nbctl set Logical_Switch "$name" other_config:"${pair%%=*}"="\"${pair#*=}\""
    done
}

# add_router NAME SWITCH MAC NETWORK...: a router port on the switch.
add_router () {
    local router="$1" switch="$2" mac="$3"

    shift 3
    check ovn-nbctl --may-exist lr-add "$router" \
        -- lrp-add "$router" "$router-$switch" "$mac" "$@" \
        -- lsp-add "$switch" "$switch-$router" \
        -- set Logical_Switch_Port "$switch-$router" type=router \
            options:router-port="$router-$switch" addresses=router
}

# add_lsp SWITCH NAME [COLUMN=VALUE...]: a bare port.
add_lsp () {
    local switch="$1" name="$2"

    shift 2
    if test $# -eq 0; then
        check ovn-nbctl lsp-add "$switch" "$name"
    else
        check ovn-nbctl lsp-add "$switch" "$name" \
            -- set Logical_Switch_Port "$name" "$@"
    fi
}

# add_pod_port SWITCH NS POD MAC [IP...]: the port of a pod, as Kube-OVN's
# controller writes it.  Without IP it has a MAC alone, with neither (MAC "-")
# no address.  $provider names an attachment network, $ps=yes asks for port
# security.
add_pod_port () {
    local switch="$1" ns="$2" pod="$3" mac="$4" name addresses

    shift 4
    name=$pod.$ns${provider:+.$provider}
    addresses=$(echo "$mac $*" | sed 's/ *$//; s/^-$//')
    check ovn-nbctl lsp-add "$switch" "$name" \
        -- set Logical_Switch_Port "$name" \
            external_ids:vendor=kube-ovn external_ids:ls="$switch" \
            external_ids:pod="\"$ns/$pod\"" \
            ${addresses:+addresses="\"$addresses\""} \
            ${ps:+port_security="\"$addresses\""}
}

# plug_up CHASSIS IFACE LSP: plugs and waits until OVN says the port is up.
plug_up () {
    check plug "$1" "$2" "$3"
    wait_column true nb:Logical_Switch_Port up name="$3"
}

# unplug_down CHASSIS IFACE LSP: unplugs and waits until OVN has let go.
unplug_down () {
    check unplug "$1" "$2"
    wait_column "" sb:Port_Binding chassis logical_port="$3"
}


. "$abs_top_srcdir/tests/system/manifest-lib.sh"


## The daemon.

# start_ipguard OPTION...: starts the daemon on this sandbox and the pods
# directory or, if $kubeconfig is set, what that names.  $instance names a
# second one (ovn-ipguard-2).
#
# With sanitizers, or in a wrapper, it is not detached: sanitizers write to
# stderr, which a detached daemon has not, and the parent that a daemon leaves
# behind would be examined as well.
start_ipguard () {
    local name="${instance:-ovn-ipguard}" report attached pid
    local program="$abs_top_builddir/agent/ovn-ipguard"

    echo "start $name $*"
    if test -n "$kubeconfig"; then
        set -- --kubeconfig="$kubeconfig" "$@"
    else
        test -d pods || manifest_reset
        set -- --pods="$PWD/pods" "$@"
    fi
    set -- --no-chdir -vconsole:off -vsyslog:off \
        --pidfile="$IPGUARD_SANDBOX/$name.pid" \
        --log-file="$IPGUARD_SANDBOX/$name.log" \
        ${instance:+--unixctl="$IPGUARD_SANDBOX/$name.ctl"} \
        --ovnnb-db="$OVN_NB_DB" --ovnsb-db="$OVN_SB_DB" \
        --db="$OVN_IPGUARD_DB" $ipguard_fast "$@"
    attached=$IPGUARD_WRAPPER
    if grep -q __ubsan_handle "$program"; then
        attached=yes
    fi
    if test -z "$attached"; then
        "$program" --detach "$@" > start-output 2>&1 5>&- 6>&- || {
            cat start-output
            fail "$name does not start"
        }
        return
    fi
    report=$IPGUARD_SANDBOX/$name.stderr
    ASAN_OPTIONS=$asan_options UBSAN_OPTIONS=$ubsan_options \
        $IPGUARD_WRAPPER "$program" "$@" >> "$report" 2>&1 5>&- 6>&- &
    pid=$!
    until sandbox_is_running "$name" && ipguard version > /dev/null 2>&1; do
        if process_is_gone $pid; then
            cat "$report"
            fail "$name does not start"
        fi
        sleep 0.1
    done
}

# Runs a command of the daemon (or of $instance).  Its status is the one of now:
# with what a busy daemon says of an earlier one, no test can do anything.
ipguard () {
    local n=100 status output

    test "$*" = status || {
        ipguard_appctl "$@"
        return
    }
    while output=$(ipguard_appctl status); status=$?; test $n -gt 0; do
        case $output in
            'busy: '*) n=$((n - 1)); sleep 0.1 ;;
            *) break ;;
        esac
    done
    printf '%s\n' "$output"
    return $status
}

ipguard_appctl () {
    if test -n "$instance"; then
        ovs-appctl --timeout=20 -t "$IPGUARD_SANDBOX/$instance.ctl" "$@"
    else
        ovn-appctl --timeout=20 -t ovn-ipguard "$@"
    fi
}

# Waits until the daemon has all sources and is the active one; with
# wait_standby, the other one.  "ipguard" is of the instance in $instance.
wait_active () { wait_until role_is active; }
wait_standby () { wait_until role_is standby; }

role_is () {
    ipguard status > role-is || return
    cat role-is
    grep -Eq "^state: $1" role-is && ! grep -Eq 'not (synced|connected)' role-is
}

# wait_seen STS [REGEX]: until the daemon knows the pod of ordinal 0, and that
# REGEX is what it asks for.
wait_seen () {
    wait_output "pod default/$1-0 .*$2" ipguard port/show "$1-0.default"
}

# The command ovn-ipguardctl, on the sandbox's own database.
ipguardctl () {
    ASAN_OPTIONS=$asan_options UBSAN_OPTIONS=$ubsan_options \
        "$abs_top_builddir/utilities/ovn-ipguardctl/ovn-ipguardctl" "$@"
}

# The same with the sandbox's sources.
reader () {
    ipguardctl --ovnnb-db="$OVN_NB_DB" --ovnsb-db="$OVN_SB_DB" \
        --pods="$PWD/pods" --timeout=$IPGUARD_TEST_TIMEOUT "$@"
}

# What it prints, in one line.
told () {
    reader "$@" | tr '\n' ' '
}

# Does Prometheus' own tool take the metrics in file $1, without a remark?
promtool_takes () {
    promtool check metrics < "$1" > promtool-output 2>&1
    cat promtool-output
    test ! -s promtool-output
}

# stop_ipguard [--cleanup]: stops the daemon as an operator does.
stop_ipguard () {
    local name="${instance:-ovn-ipguard}" pid

    pid=$(sandbox_pid "$name") || fail "$name does not run"
    check ipguard exit "$@"
    wait_until sandbox_is_stopped "$name"
    # A sanitizer or valgrind writes its report after the pid file is gone.
    wait_until process_is_gone "$pid"
}

# Kills the daemon at once.
kill_ipguard () {
    local name="${instance:-ovn-ipguard}"

    echo "kill -9 $name"
    sandbox_kill "$name" KILL
}

# check_logs [REGEX...]: nothing worse than INFO in the daemon's logs but
# what matches; no report of a sanitizer or of valgrind.
check_logs () {
    # A busy machine is slow, and an older OVN lacks columns; neither is news.
    local allowed='\|timeval(\([^)]*\))?\|WARN\|' regex file
    allowed="$allowed"'|\|ovsdb_idl\|WARN\|.* lacks .* \(database needs upgrade'

    for regex in "$@"; do
        allowed="$allowed|$regex"
    done
    for file in "$IPGUARD_SANDBOX"/ovn-ipguard*.log; do
        test -f "$file" || continue
        if grep -E '\|(WARN|ERR|EMER)\|' "$file" |
                grep -Ev -e "$allowed" > bad-lines; then
            cat bad-lines
            fail "unexpected lines in ${file##*/}"
        fi
    done
    for file in "$IPGUARD_SANDBOX"/*.stderr "$IPGUARD_SANDBOX"/valgrind.*; do
        test -s "$file" || continue
        cat "$file"
        fail "a sanitizer or valgrind complains"
    done
}

# let_pass: returns once the daemon has seen everything that was done before
# and has had the time to act on it.  It is shown, not slept: a port that is
# stale beyond doubt from now on, on a switch of its own, is cleared only after
# the settle time.  make_canaries must have been called early.  Works in guard
# and manage while nothing is frozen.
let_pass () {
    test -n "$canaries" || fail "no canaries left"
    canary=${canaries%% *}
    canaries=${canaries#* }
    manifest_remove sts-canary-$canary
    wait_until no_address $canary-0.canary 192.0.2.${canary#canary}
}

# warm_up: returns once the daemon has set an address, in manage mode.  Nothing
# is set before the first barrier after its start has passed in the Southbound
# database, so a test that stops northd sets something before.
warm_up () {
    check ovn-nbctl ls-add warm-ls
    manifest_begin
    ns=warm manifest_sts warm 1 ip_address=192.0.2.200
    manifest_pod warm warm-0 warm-uid sts/warm ip_address=192.0.2.200
    manifest_end
    add_pod_port warm-ls warm warm-0 0a:00:00:00:fa:fa
    wait_addresses warm-0.warm "0a:00:00:00:fa:fa 192.0.2.200"
}

# make_canaries: ports for let_pass, for four calls.
make_canaries () {
    local n

    check ovn-nbctl ls-add canary-ls
    for n in 1 2 3 4; do
        ns=canary manifest_sts canary$n 1 ip_address=192.0.2.$n
        add_pod_port canary-ls canary canary$n-0 0a:00:00:00:ca:0$n 192.0.2.$n
        canaries="$canaries canary$n"
    done
    canaries="${canaries# } "
}


## Stages that many tests begin with.  Owners come before their ports: a port
## without an owner is stale in manage mode.

# mac N: the Ethernet address of the tests' port N.
mac () {
    printf '0a:00:00:00:00:%02x' "$1"
}

# sts_pod STS ORDINAL UID [ANNOTATION...]: the pod of a StatefulSet in
# namespace default.
sts_pod () {
    local sts="$1" ordinal="$2" pod_uid="$3"

    shift 3
    manifest_pod default "$sts-$ordinal" "$pod_uid" "sts/$sts" "$@"
}

# running_sts SWITCH STS N IP[,IP]: a StatefulSet of one replica with the
# fixed IP, whose pod runs on ch1 behind interface pN with MAC N and uid
# STS-uid-1.
running_sts () {
    local switch="$1" sts="$2" n="$3" ips="$4"

    manifest_begin
    manifest_sts "$sts" 1 ip_address="$ips"
    sts_pod "$sts" 0 "$sts-uid-1" ip_address="$ips"
    manifest_end
    add_pod_port "$switch" default "$sts-0" "$(mac "$n")" $(echo "$ips" | tr , ' ')
    plug_up ch1 "p$n" "$sts-0.default"
}

# replace_pod STS N IP[,IP]: the StatefulSet's fixed IP is changed and its pod
# replaced: the old one's interface goes, a pod with another uid comes.
replace_pod () {
    local sts="$1" n="$2" ips="$3"

    check unplug ch1 "p$n"
    manifest_begin
    manifest_sts "$sts" 1 ip_address="$ips"
    sts_pod "$sts" 0 "$sts-uid-2" ip_address="$ips"
    manifest_end
}

# move_sts STS N UID IP[,IP]: as replace_pod, from beginning to end, in manage
# mode: until the new pod's interface is up.
move_sts () {
    local sts="$1" n="$2" pod_uid="$3" ips="$4"

    check unplug ch1 "p$n"
    manifest_begin
    manifest_sts "$sts" 1 ip_address="$ips"
    sts_pod "$sts" 0 "$pod_uid" ip_address="$ips"
    manifest_end
    wait_addresses "$sts-0.default" "$(mac "$n") $(echo "$ips" | tr , ' ')"
    plug_up ch1 "p$n" "$sts-0.default"
}

# retarget_sts STS N IP[,IP]: the same, but no new pod comes.
retarget_sts () {
    local sts="$1" n="$2" ips="$3"

    check unplug ch1 "p$n"
    manifest_begin
    manifest_sts "$sts" 1 ip_address="$ips"
    manifest_remove "pod-default-$sts-0"
    manifest_end
}

# taker SWITCH STS N IP[,IP] [ADDRESSES]: another StatefulSet asks for IP; its
# pod waits for its network.  The port has a MAC alone, as in plain OVN, or
# what ADDRESSES says, as a CNI controller writes it.
taker () {
    local switch="$1" sts="$2" n="$3" ips="$4"

    shift 4
    manifest_begin
    manifest_sts "$sts" 1 ip_address="$ips"
    sts_pod "$sts" 0 "$sts-uid-1" ip_address="$ips"
    manifest_end
    add_pod_port "$switch" default "$sts-0" "$(mac "$n")" "$@"
}


## A test group's beginning and end.

ipguard_prepare () {
    sandbox_need_programs ovsdb-server ovs-vswitchd ovn-northd \
        ovn-controller ovn-nbctl ovn-sbctl ovn-appctl 2> /dev/null ||
        skip "Open vSwitch or OVN is not installed"
    command -v python3 > /dev/null || skip "python3 is not installed"
    trap ipguard_cleanup 0
    trap 'exit 1' 1 2 13 15
}

ipguard_cleanup () {
    local folder

    trap '' 1 2 13 15
    # Any folder may be a sandbox: that one of its servers has ended says
    # nothing about the others.
    for folder in */; do
        IPGUARD_SANDBOX=$PWD/${folder%/}
        sandbox_stop 2> /dev/null
    done
}

# start_sandbox [CHASSIS]
start_sandbox () {
    mkdir sandbox || fail "mkdir sandbox"
    manifest_reset
    sandbox_start "$PWD/sandbox" "${1:-1}" 5>&- 6>&- ||
        fail "the sandbox does not start"
}
