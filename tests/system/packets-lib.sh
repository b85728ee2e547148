# SPDX-License-Identifier: Apache-2.0
#
# Shell functions of packets.at, over ipguard-lib.sh: packets are sent all the
# time, a hand-over goes on, and what came out where is counted (see packets,
# the program).

# flow NAME IFACE FRAME: one more flow from now on.
flow () {
    {
        cat flows 2> /dev/null
        echo "$1 $2 $3"
    } > flows.tmp
    mv flows.tmp flows
}

# who_has MAC IP TARGET: prints the ARP request of a port that looks for TARGET.
who_has () {
    printf 'ffffffffffff%s08060001080006040001%s%s000000000000%s\n' \
        "$(hex_mac "$1")" "$(hex_mac "$1")" "$(hex_ip "$2")" "$(hex_ip "$3")"
}

start_packets () {
    echo start > phase
    "$abs_top_srcdir/tests/system/packets" send "$IPGUARD_SANDBOX" ch1 \
        > sender.log 2>&1 5>&- 6>&- &
    sender=$!
}

# For wait_until: the phase has had $2 rounds of packets.
phase_has () {
    local now rounds

    cat sender.log phase.now
    process_is_gone $sender && fail "the sender has ended"
    read -r now rounds < phase.now && test "$now" = "$1" &&
        test "$rounds" -ge "$2"
}

# phase NAME [N]: from now on it is NAME; returns after N rounds (default 1).
phase () {
    echo "phase $1"
    echo "$1" > phase.tmp
    mv phase.tmp phase
    wait_until phase_has "$1" "${2:-1}"
}

# Returns when every flow of the chassis and every entry of its cache of flows
# is of the Northbound database as it is now.  (A chassis confirms nb_cfg when
# its flows are there; what is cached of the former ones goes a moment later.)
settle () {
    local cfg

    check ovn-nbctl --wait=sb --timeout=$IPGUARD_TEST_TIMEOUT sync
    cfg=$(ovn-nbctl get NB_Global . nb_cfg)
    wait_until chassis_has ch1 "$cfg"
    check as ch1 ovs-appctl revalidator/wait
}

chassis_has () {
    local cfg

    cfg=$(fetch sb:Chassis_Private nb_cfg name="$1")
    echo "$1 has ${cfg:-no row}, wanted $2"
    test "${cfg:-0}" -ge "$2"
}

stop_packets () {
    echo end > phase
    wait_until process_is_gone $sender
    wait "$sender" || fail "$(cat sender.log)"
    check "$abs_top_srcdir/tests/system/packets" count "$IPGUARD_SANDBOX" ch1
    mv check-output counts
    cat counts
}

# sent PHASE FLOW, dropped PHASE FLOW: how many were.
sent () { in_all sent "$@"; }
dropped () { in_all dropped "$@"; }
in_all () {
    awk -v what="$1" -v phase="$2" -v flow="$3" \
        '$1 == phase && $2 == what && $3 ~ "^(" flow ")$" { n += $4 }
         END { print n + 0 }' counts
}

# got PHASE FLOW IFACE WHAT: how many came out.  All four are extended regular
# expressions.
got () {
    awk -v phase="$1" -v flow="$2" -v iface="$3" -v what="$4" \
        '$1 ~ "^(" phase ")$" && $2 == "got" && $3 ~ "^(" flow ")$" &&
             $4 ~ "^(" iface ")$" && $5 ~ "^(" what ")$" { n += $6 }
         END { print n + 0 }' counts
}

# check_none PHASE FLOW IFACE WHAT, check_some ...
check_none () {
    test "$(got "$@")" = 0 || fail "there are packets: $*"
}
check_some () {
    test "$(got "$@")" -gt 0 || fail "there is no packet: $*"
}

# check_all PHASE FLOW IFACE WHAT: all that were sent, and some were.
check_all () {
    test "$(sent "$1" "$2")" -gt 0 || fail "nothing was sent: $1 $2"
    test "$(got "$@")" = "$(sent "$1" "$2")" ||
        fail "$(got "$@") packets of $(sent "$1" "$2"): $*"
}

# check_dropped PHASE FLOW: all that were sent, and some were.
check_dropped () {
    test "$(sent "$1" "$2")" -gt 0 || fail "nothing was sent: $1 $2"
    test "$(dropped "$1" "$2")" = "$(sent "$1" "$2")" ||
        fail "$(dropped "$1" "$2") packets of $(sent "$1" "$2") dropped: $*"
}

# The stage: a third port, a bystander, and a port on another network, behind
# a router.
packet_stage () {
    add_switch ls1
    add_switch ls2
    add_router lr1 ls1 0a:00:00:00:01:01 10.0.0.254/24
    add_router lr1 ls2 0a:00:00:00:01:02 10.0.2.254/24
    add_lsp ls1 third addresses='"0a:00:00:00:00:77 10.0.0.77"'
    add_lsp ls1 bystander addresses='"0a:00:00:00:00:99 10.0.0.99"'
    add_lsp ls2 far addresses='"0a:00:00:00:00:88 10.0.2.88"'
    plug_up ch1 p77 third
    plug_up ch1 p99 bystander
    plug_up ch1 p88 far
}

# Packets for IP from the third port and the far one: with each MAC that it has
# or had, so that a neighbour's stale ARP cache is among them.
packets_for () {
    local ip="$1" old="$2" new="$3" third=0a:00:00:00:00:77
    local far=0a:00:00:00:00:88

    flow pilot p77 "$(udp_packet $third 0a:00:00:00:00:99 10.0.0.77 10.0.0.99)"
    flow ask p77 "$(who_has $third 10.0.0.77 "$ip")"
    flow to-old p77 "$(udp_packet $third "$old" 10.0.0.77 "$ip")"
    flow to-new p77 "$(udp_packet $third "$new" 10.0.0.77 "$ip")"
    flow routed p88 "$(udp_packet $far 0a:00:00:00:01:02 10.0.2.88 "$ip")"
}

# Packets from IP, of whoever is behind the interface.
packets_from () {
    local ip="$1" mac="$2" iface="$3"

    flow own-garp "$iface" "$(garp_packet "$mac" "$ip")"
    flow own-ask "$iface" "$(who_has "$mac" "$ip" 10.0.0.99)"
    flow own-ip "$iface" \
        "$(udp_packet "$mac" 0a:00:00:00:00:77 "$ip" 10.0.0.77)"
    flow own-routed "$iface" \
        "$(udp_packet "$mac" 0a:00:00:00:01:01 "$ip" 10.0.2.88)"
}

# cni_moves NAME N IP: the controller gives the new pod of the StatefulSet
# another address.
cni_moves () {
    check ovn-nbctl set Logical_Switch_Port "$1-0.default" \
        addresses="\"$(mac "$2") $3\"" port_security="\"$(mac "$2") $3\""
}

# hand_over OLD N_OLD NEW N_NEW IP WITH: StatefulSet OLD has IP and its template
# changes, and NEW wants it.  It is waited for the daemon in WITH_cleared,
# WITH_moved and WITH_taken, and WITH_end lets the hold end.  If $manage is set
# there is no controller, and the pod of NEW is plugged in when its port has
# the address.
#
# Of the phases, those in "-ing" are the time from an event to the moment when
# OVN has carried out what the daemon made of it.  What is sent then is counted,
# and nothing is expected of it.
hand_over () {
    local old="$1" n_old="$2" new="$3" n_new="$4" ip="$5" with="$6" phase

    packets_for "$ip" "$(mac "$n_old")" "$(mac "$n_new")"
    settle
    start_packets
    phase before 30
    # The pod goes, and the template of its StatefulSet changes.
    phase clearing
    retarget_sts "$old" "$n_old" 10.0.0.12
    ${with}_cleared
    settle
    phase cleared 30
    # The controller gives the new pod its address, and it runs.
    phase moving
    test -n "$manage" || cni_moves "$old" "$n_old" 10.0.0.12
    sts_pod "$old" 0 "$old-uid-2" ip_address=10.0.0.12
    ${with}_moved
    plug_up ch1 "q$n_old" "$old-0.default"
    settle
    phase moved 30
    # The old address goes to the next one, whose pod runs at once.
    phase taking
    ps=yes taker ls1 "$new" "$n_new" "$ip" $(test -n "$manage" || echo "$ip")
    ${with}_taken
    packets_from "$ip" "$(mac "$n_new")" "q$n_new"
    test -n "$manage" || plug_up ch1 "q$n_new" "$new-0.default"
    settle
    phase taken 30
    phase opening
    ${with}_end
    test -z "$manage" || plug_up ch1 "q$n_new" "$new-0.default"
    settle
    phase open 30
    stop_packets
    # Packets get through all the time, so that none means something, ...
    for phase in before cleared moved taken open; do
        check_all $phase pilot p99 ip
    done
    # ... and it begins and ends as it should.
    check_all before to-old "p$n_old" ip
    check_all before routed "p$n_old" ip
    check_all before ask p77 "reply:$(mac "$n_old")"
    check_all open to-new "q$n_new" ip
    check_all open routed "q$n_new" ip
    check_all open ask p77 "reply:$(mac "$n_new")"
    check_all open own-ip p77 ip
    check_all open own-ask "q$n_new" reply:0a:00:00:00:00:99
    check_all open own-routed p88 ip
    check_none open 'to-old|to-new|routed' "[pq]$n_old" '.*'
}
