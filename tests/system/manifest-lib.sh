# SPDX-License-Identifier: Apache-2.0
#
# Shell functions of the system tests, a part of ipguard-lib.sh: manifests.  All
# objects are in one file, which is replaced as a whole, so that objects go one
# by one and the file is never empty: bystanders stay.

# Forgets all objects but the bystanders: so many that no test takes away a
# share of the file that the daemon would not believe.
manifest_reset () {
    local n

    rm -rf objects
    mkdir -p objects pods
    for n in 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do
        cat <<BYSTANDER
---
apiVersion: v1
kind: Pod
metadata:
  name: bystander-$n
  namespace: kube-system
  uid: 00000000-0000-4000-8000-0000000000$n
BYSTANDER
    done > objects/00-bystanders.yaml
    manifest_batch=
    manifest_write
}

# Writes the objects into the file that the daemon watches.
manifest_write () {
    local file

    test -z "$manifest_batch" || return 0
    for file in objects/*.yaml; do
        echo ---
        cat "$file"
    done > pods/.all.tmp
    mv pods/.all.tmp pods/all.yaml
}

# Between these the file stays as it is: a change of several objects at once.
manifest_begin () { manifest_batch=yes; }
manifest_end () { manifest_batch=; manifest_write; }

# Prints annotations, each KEY=VALUE, indented by $1 blanks.  A key without a
# prefix is one of Kube-OVN's for the default network.
manifest_annotations () {
    local indent="$1" pair key

    shift
    test $# -gt 0 || return 0
    printf "%${indent}sannotations:\n" ''
    for pair in "$@"; do
        key=${pair%%=*}
        case $key in
            */*) ;;
            *) key=ovn.kubernetes.io/$key ;;
        esac
        # A single-quoted YAML scalar: only the quote itself is special.
        printf "%$((indent + 2))s%s: '%s'\n" '' "$key" \
            "$(printf %s "${pair#*=}" | sed "s/'/''/g")"
    done
}

# manifest_sts NAME REPLICAS [ANNOTATION...]: a StatefulSet whose template has
# the annotations.  $ns is its namespace (default), $uid its uid, $start its
# first ordinal.
manifest_sts () {
    local name="$1" replicas="$2" ns="${ns:-default}"

    shift 2
    {
        cat <<OBJECT
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: $name
  namespace: $ns
  uid: ${uid:-uid-sts-$ns-$name}
spec:
  replicas: $replicas
OBJECT
        test -z "$start" || printf '  ordinals:\n    start: %s\n' "$start"
        cat <<OBJECT
  serviceName: $name
  selector:
    matchLabels:
      app: $name
  template:
    metadata:
      labels:
        app: $name
OBJECT
        manifest_annotations 6 "$@"
        cat <<OBJECT
    spec:
      containers:
      - name: main
        image: registry.example/main:1
OBJECT
    } > "objects/sts-$ns-$name.yaml"
    manifest_write
}

# manifest_pod NS NAME UID OWNER [ANNOTATION...]: OWNER is sts/NAME, rs/NAME,
# vm/NAME, each with "=UID" if it is not the one manifest_sts gives, or "-".
# $phase and $pod_ip fill in its status, $created its time of creation, $deleting
# anything makes it one that is being deleted.
manifest_pod () {
    local ns="$1" name="$2" pod_uid="$3" owner="$4" kind owner_name owner_uid

    shift 4
    {
        cat <<OBJECT
apiVersion: v1
kind: Pod
metadata:
  name: $name
  namespace: $ns
  uid: $pod_uid
  creationTimestamp: "${created:-2026-01-01T00:00:00Z}"
OBJECT
        test -z "$deleting" ||
            printf '  deletionTimestamp: "2026-01-01T01:00:00Z"\n'
        manifest_annotations 2 "$@"
        if test "$owner" != -; then
            kind=${owner%%/*} owner_name=${owner#*/}
            case $owner_name in
                *=*) owner_uid=${owner_name#*=} owner_name=${owner_name%%=*} ;;
                *) owner_uid=uid-$kind-$ns-$owner_name ;;
            esac
            case $kind in
                sts) kind="apps/v1 StatefulSet" ;;
                rs) kind="apps/v1 ReplicaSet" ;;
                vm) kind="kubevirt.io/v1 VirtualMachineInstance" ;;
            esac
            cat <<OBJECT
  ownerReferences:
  - apiVersion: ${kind% *}
    kind: ${kind#* }
    name: $owner_name
    uid: $owner_uid
    controller: true
    blockOwnerDeletion: true
OBJECT
        fi
        cat <<OBJECT
spec:
  nodeName: ${node:-ch1}
  containers:
  - name: main
    image: registry.example/main:1
status:
  phase: ${phase:-Running}
OBJECT
        test -z "$pod_ip" ||
            printf '  podIP: %s\n  podIPs:\n  - ip: %s\n' "$pod_ip" "$pod_ip"
    } > "objects/pod-$ns-$name.yaml"
    manifest_write
}

# manifest_ip NAME SUBNET IP: Kube-OVN's IP object.  $reserved makes it one that
# is kept.
manifest_ip () {
    cat > "objects/ip-$1.yaml" <<OBJECT
apiVersion: kubeovn.io/v1
kind: IP
metadata:
  name: $1
  uid: uid-ip-$1
  finalizers: [kubeovn.io/kube-ovn-controller]
  labels:
    ovn.kubernetes.io/ip_reserved: "$(test -z "$reserved" && echo false || echo true)"
spec:
  namespace: default
  podName: ${1%%.*}
  subnet: $2
  ipAddress: "$3"
  v4IpAddress: "$3"
  macAddress: "0a:00:00:00:ff:01"
OBJECT
    manifest_write
}

# manifest_object NAME: any other object, from standard input.
manifest_object () {
    cat > "objects/$1.yaml"
    manifest_write
}

# manifest_remove NAME...: "pod-NS-NAME", "sts-NS-NAME" or what
# manifest_object was told.
manifest_remove () {
    local name

    for name in "$@"; do
        rm "objects/$name.yaml" || fail "no manifest $name"
    done
    manifest_write
}
