# SPDX-License-Identifier: Apache-2.0
#
# Shell functions of ovn-kubernetes.at, over ipguard-lib.sh: they write rows and
# annotations as the controller of ovn-kubernetes does, and so stand in for it.

# The annotation key of what the controller gave.
ovnk_given=k8s.ovn.org/pod-networks

# ovnk_mac IP: the MAC that the controller derives from an IPv4 address.
ovnk_mac () {
    printf '0a:58:%02x:%02x:%02x:%02x' $(echo "$1" | tr . ' ')
}

# ovnk_network NAD ROLE IP [LEN]: prints what the controller writes of one
# network into $ovnk_given.
ovnk_network () {
    local gateway="${3%.*}.1"

    printf '"%s":{"ip_addresses":["%s/%s"],"mac_address":"%s",' \
        "$1" "$3" "${4:-24}" "$(ovnk_mac "$3")"
    printf '"gateway_ips":["%s"],"routes":[{"dest":"10.0.0.0/8",' "$gateway"
    printf '"nextHop":"%s"}],"ip_address":"%s/%s","gateway_ip":"%s",' \
        "$gateway" "$3" "${4:-24}" "$gateway"
    printf '"role":"%s"}' "$2"
}

# ovnk_pod NAME UID OWNER NETWORK... [-- ANNOTATION...]: a pod of namespace
# default; each NETWORK is "NAD ROLE IP", as for ovnk_network.
ovnk_pod () {
    local name="$1" pod_uid="$2" owner="$3" json=

    shift 3
    while test $# -gt 0 && test "$1" != --; do
        json="${json:+$json,}$(ovnk_network $1)"
        shift
    done
    test $# -eq 0 || shift
    set -- ${json:+"$ovnk_given={$json}"} "$@"
    manifest_pod default "$name" "$pod_uid" "$owner" "$@"
}

# ovnk_port SWITCH POD UID IP [NAD NETWORK TOPOLOGY]: the port of a pod of
# namespace $ns (default), on the default network or on the one that is named.
# IP "-" is a port without addresses.  $mac is a MAC other than the address's
# own.
ovnk_port () {
    local switch="$1" pod="$2" pod_uid="$3" ip="$4" nad="$5" name addresses
    local ns="${ns:-default}"

    name=${ns}_$pod
    test -z "$nad" || name=$(echo "$nad" | tr '/-' '..')_${ns}_$pod
    addresses="${mac:-$(ovnk_mac "${ip%% *}")} $ip"
    test "$ip" != - || addresses=
    check ovn-nbctl lsp-add "$switch" "$name" \
        -- set Logical_Switch_Port "$name" \
            external_ids:namespace=$ns external_ids:pod=true \
            options:requested-chassis=ch1 options:iface-id-ver="$pod_uid" \
            ${nad:+external_ids:\"k8s.ovn.org/nad\"=\"$nad\"} \
            ${nad:+external_ids:\"k8s.ovn.org/network\"=\"$6\"} \
            ${nad:+external_ids:\"k8s.ovn.org/topology\"=\"$7\"} \
            ${addresses:+addresses="\"$addresses\""} \
            ${addresses:+port_security="\"$addresses\""}
}

# ovnk_plug IFACE LSP UID: what the CNI does on the node.
ovnk_plug () {
    check as ch1 ovs-vsctl add-port br-int "$1" \
        -- set interface "$1" type=dummy external-ids:iface-id="\"$2\"" \
            external-ids:iface-id-ver="\"$3\""
    wait_column true nb:Logical_Switch_Port up name="$2"
}

# ovnk_running SWITCH STS N IP: a StatefulSet of one replica whose pod,
# STS-uid-1, runs on the default network behind interface pN.
ovnk_running () {
    local switch="$1" sts="$2" n="$3" ip="$4"

    manifest_begin
    manifest_sts "$sts" 1
    ovnk_pod "$sts-0" "$sts-uid-1" "sts/$sts" "default primary $ip"
    manifest_end
    ovnk_port "$switch" "$sts-0" "$sts-uid-1" "$ip"
    ovnk_plug "p$n" "default_$sts-0" "$sts-uid-1"
}

# ovnk_seen LSP REGEX: waits until the daemon says so of the port.
ovnk_seen () {
    wait_output "$2" ipguard port/show "$1"
}

# ovnk_make_canaries, ovnk_let_pass: as make_canaries and let_pass, with what a
# pod leaves behind.
ovnk_make_canaries () {
    local n

    check ovn-nbctl ls-add canary-node
    manifest_begin
    for n in 1 2 3 4; do
        ovnk_pod canary$n canary-uid-$n rs/canary "default primary 192.0.2.$n"
    done
    manifest_end
    for n in 1 2 3 4; do
        ovnk_port canary-node canary$n canary-uid-$n 192.0.2.$n
    done
    ovnk_canaries="1 2 3 4 "
}

ovnk_let_pass () {
    local n="${ovnk_canaries%% *}"

    test -n "$n" || fail "no canaries left"
    ovnk_canaries=${ovnk_canaries#* }
    ovnk_seen default_canary$n "pod: default/canary$n"
    manifest_remove pod-default-canary$n
    wait_until no_address default_canary$n 192.0.2.$n
}
