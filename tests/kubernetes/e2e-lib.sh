# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Shared by the groups of end-to-end tests (e2e-*); sourced, not run.  A group
# has a Kubernetes control plane of its own (cluster-up); each of its tests has
# a real OVN of its own (utilities/sandbox-lib.sh), the daemon, and what stands
# in for a CNI (cni-stand-in).  Nothing is shared between groups, so any number
# of them can run at the same time.
#
# A test is a function that is run in a subshell and a folder of its own.  It
# uses the functions of tests/system/ipguard-lib.sh (wait_until, fail,
# wait_journal, ...) and those below; fail() ends it.
#
# Environment:
#   IPGUARD_BUILDDIR   where the program is (default: _build/ of the sources)
#   E2E_LOGS           a folder for the logs of what failed (default: none)
#   E2E_ONLY           run only the tests whose name matches this regex
#   K8S_BIN            see build-cluster

export LC_ALL=C
e2e_group=$(basename "$0")
# shellcheck source-path=SCRIPTDIR source=cluster-lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/cluster-lib.sh"
abs_top_srcdir=$(cd "$here/../.." && pwd)
abs_top_builddir=$(cd "${IPGUARD_BUILDDIR:-$abs_top_srcdir/_build}" && pwd) ||
	exit 1
at_status_file=/dev/null
at_fn_log_failure() { exit 1; }
# shellcheck disable=SC2034
IPGUARD_TEST_TIMEOUT=${IPGUARD_TEST_TIMEOUT-90}
# shellcheck source=../system/ipguard-lib.sh
. "$abs_top_srcdir/tests/system/ipguard-lib.sh"

# --- A group -----------------------------------------------------------------
passed=0 failed=0 skipped=0
tests=0
test_pid=

e2e_summary() {
	echo "$e2e_group: $passed passed, $failed failed, $skipped skipped"
}

e2e_skip() { # e2e_skip WHY: the whole group
	echo "skipped  $e2e_group: $*"
	skipped=1
	e2e_summary
	exit 77
}

e2e_begin() { # the cluster, for all tests of the group
	while read -r name _; do
		[ -x "$bin/$name" ] || e2e_skip "$name was not built (build-cluster)"
	done < <(programs)
	sandbox_need_programs ovsdb-server ovs-vswitchd ovn-northd ovn-controller \
		2>/dev/null || e2e_skip "Open vSwitch or OVN is not installed"
	for name in python3 curl openssl; do
		command -v $name >/dev/null || e2e_skip "$name is not installed"
	done
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/ovn-ipguard-e2e.XXXXXX") || exit 1
	cluster=$tmp/cluster
	trap e2e_end EXIT
	trap 'exit 130' INT TERM HUP
	# Once more: somebody may have taken a port that was free when chosen.
	"$here/cluster-up" "$cluster" >/dev/null || {
		"$here/cluster-down" "$cluster"
		rm -rf "$cluster"
		"$here/cluster-up" "$cluster" >/dev/null
	} || die "the cluster does not start"
	export KUBECONFIG=$cluster/kubeconfig
	kubeconfig=$cluster/client.kubeconfig
	# shellcheck source=/dev/null
	. "$cluster/conf/ports"
	k apply -f "$here/kube-ovn-crds.yaml" >/dev/null &&
		k wait --for=condition=established crd --all --timeout=60s >/dev/null ||
		retry k get ips.kubeovn.io >/dev/null 2>&1 ||
		die "no CustomResourceDefinitions"
	# Somebody is always there: no pods at all are not believed.
	retry k -n e2e run bystander --image=pause >/dev/null 2>&1 &&
		k create namespace canaries >/dev/null || die "no bystander"
}

e2e_end() {
	local rc=$?
	trap '' INT TERM HUP
	trap - EXIT
	[ -z "$test_pid" ] || stop_process "$test_pid"
	"$here/cluster-down" "$cluster"
	rm -rf "$tmp"
	exit $rc
}

e2e_finish() {
	e2e_summary
	[ $failed = 0 ]
	exit
}

# test_it NAME FUNCTION [ARGUMENT...]
test_it() {
	local name=$1 folder
	shift
	[[ $name =~ ${E2E_ONLY-} ]] || return 0
	tests=$((tests + 1))
	folder=$tmp/$tests
	mkdir "$folder" || exit 1
	# In the background, so that a signal is not kept waiting.
	(
		cd "$folder" || exit 1
		trap e2e_clean_up EXIT
		trap 'exit 1' INT TERM HUP
		ns=t$tests
		"$@"
		e2e_stop
	) >"$folder/log" 2>&1 </dev/null &
	test_pid=$!
	if wait $test_pid; then
		passed=$((passed + 1))
		echo "ok       $name"
	else
		failed=$((failed + 1))
		echo "FAILED   $name"
		# First what mostly tells: what was awaited, and what the daemon did.
		{
			grep -m1 -B4 'FAILED:' "$folder/log"
			grep -h '|guard|' "$folder"/sandbox/ovn-ipguard.log* | tail -n 12
			echo "---"
			tail -n 150 "$folder/log"
		} 2>/dev/null | sed 's/^/         /'
		[ -z "${E2E_LOGS-}" ] || {
			mkdir -p "$E2E_LOGS/$e2e_group-$tests"
			cp -r "$folder"/log "$folder"/*.log "$folder"/sandbox/*.log \
				"$cluster"/log/*.log "$E2E_LOGS/$e2e_group-$tests" 2>/dev/null
		}
	fi
	test_pid=
	rm -rf "$folder"
}

# --- A test ------------------------------------------------------------------
# What a test may add to: regexes of lines of the daemon's log that are to be
# there, of the witness's, and of actions that end a hold otherwise than by a
# release.
# The resources of the CNI have just been defined when a test begins.
allowed_log_lines=('status 429: storage is')
allowed_duplicates=
allowed_ends=
stand_in_pids=

# start_stand_in ROLE OPTION...: its pid is in $pid_ROLE afterwards
start_stand_in() {
	local role=$1
	shift
	"$here/cni-stand-in" "$role" --cluster="$cluster" \
		--sandbox="$PWD/sandbox" --namespace="$ns" "$@" \
		>>"stand-in-$role.log" 2>&1 &
	eval "pid_$role=$!"
	stand_in_pids+=" $!"
}

# stop_process PID: ends a child, and waits for it
stop_process() {
	kill -CONT "$1" 2>/dev/null
	kill "$1" 2>/dev/null
	wait "$1" 2>/dev/null
}

# Nobody looks after the IP objects of the tests before, and two of one address
# are a hazard.
drop_ip_objects() {
	local name
	for name in $(k get ips.kubeovn.io -o name); do
		k delete "$name" --wait=false
		k patch "$name" --type=merge -p '{"metadata":{"finalizers":[]}}'
	done
	wait_until no_ip_objects
}
no_ip_objects() { [ -z "$(k get ips.kubeovn.io -o name)" ]; }

# e2e_start MODE [OPTION...]: the sandbox with the switch ls1, the namespace
# $ns, what stands in for a CNI, and the daemon.  $controller_options,
# $node_options and $n_chassis have more for them; $more_namespaces is looked
# after as well.
e2e_start() {
	local more=() name
	mode=$1
	shift
	drop_ip_objects
	start_sandbox "${n_chassis:-1}"
	add_switch ls1
	"$here/nb-witness" "$PWD/sandbox" >witness.log 2>&1 &
	witness_pid=$!
	for name in $ns ${more_namespaces-}; do
		k create namespace "$name"
		wait_until k -n "$name" get serviceaccount default
		more+=(--namespace="$name")
	done
	# shellcheck disable=SC2086
	if [ "$mode" = manage ]; then
		start_stand_in ports "${more[@]}"
		start_stand_in node --await=port "${more[@]}" ${node_options-}
	else
		# The stand-in plugs at once, often before a gate can be shut.
		allowed_log_lines+=("which is held, and is not gated: it runs with it")
		start_stand_in controller "${more[@]}" ${controller_options-}
		start_stand_in node "${more[@]}" ${node_options-}
	fi
	start_ipguard --mode="$mode" --live-read-max-age=5000 "$@"
	wait_active
}

# Ends a test that went well: what is to be so at the end of every one.
e2e_stop() {
	local rest
	set +x
	wait_row_count own:Hold 0
	check_row_count own:Gate 0
	check_no_output '^(frozen|brake)' ipguard status
	# A server that sets up the storage of a kind refuses watches for a moment.
	wait_until not output_has '^problems' ipguard status
	check_one_release_each
	stop_ipguard
	check_logs "${allowed_log_lines[@]}"
	grep -q '^watching' witness.log || fail "the witness saw nothing"
	rest=$(grep '^duplicate' witness.log | grep -Ev -- "${allowed_duplicates:-^$}")
	[ -z "$rest" ] || fail "two ports had one address: $rest"
	for name in stand-in-*.log; do
		! grep -A20 Traceback "$name" || fail "$name: a stand-in died"
	done
}

# The stand-ins go first: what they write to goes then.
e2e_clean_up() {
	local pid
	trap '' INT TERM HUP
	for pid in $stand_in_pids ${witness_pid-}; do
		stop_process "$pid"
	done
	for pid in stand-in-*.log; do
		echo "--- end of $pid"
		tail -n 60 "$pid"
	done
	sandbox_stop 2>/dev/null
}

# Each hold that was made ended, by a release and no other way, unless the test
# says otherwise.
check_one_release_each() {
	local ends
	ends=$(fetch own:Journal action | grep -E '^(force|cancel|put back|brake|freeze)' |
		grep -Ev -- "${allowed_ends:-^$}")
	[ -z "$ends" ] || fail "the journal has: $ends"
}

# --- Kubernetes --------------------------------------------------------------
k() { "$bin/kubectl" "$@"; }

retry() { # retry COMMAND...: until it succeeds, for a while
	local i
	for ((i = 0; i < 60; i++)); do
		"$@" && return
		sleep 0.5
	done
	return 1
}

# sts NAME REPLICAS [KEY=VALUE...]: applies a StatefulSet whose template has
# these annotations of Kube-OVN.  $ns is its namespace, $start its first
# ordinal, $strategy the type of its updateStrategy, $partition its partition.
sts() {
	local name=$1 replicas=$2 pair
	local rolling=${partition:+, rollingUpdate: {partition: $partition\}}
	shift 2
	{
		cat <<-EOT
		apiVersion: apps/v1
		kind: StatefulSet
		metadata: {name: $name, namespace: $ns}
		spec:
		  serviceName: $name
		  replicas: $replicas
		  ordinals: {start: ${start:-0}}
		  podManagementPolicy: ${policy:-OrderedReady}
		  updateStrategy: {type: ${strategy:-RollingUpdate}$rolling}
		  selector: {matchLabels: {app: $name}}
		  template:
		    metadata:
		      labels: {app: $name}
		      annotations:
		        cni-stand-in/network: awaited
		EOT
		for pair; do
			echo "        ovn.kubernetes.io/${pair%%=*}: '${pair#*=}'"
		done
		cat <<-EOT
		    spec:
		      terminationGracePeriodSeconds: 0
		      containers: [{name: c, image: pause}]
		EOT
	} >object.yaml
	check k apply -f object.yaml
}

# pod NAME [KEY=VALUE...]: a pod without an owner
pod() {
	local name=$1 pair
	shift
	{
		cat <<-EOT
		apiVersion: v1
		kind: Pod
		metadata:
		  name: $name
		  namespace: $ns
		  annotations:
		    cni-stand-in/network: awaited
		EOT
		for pair; do
			echo "    ovn.kubernetes.io/${pair%%=*}: '${pair#*=}'"
		done
		cat <<-EOT
		spec:
		  terminationGracePeriodSeconds: 0
		  containers: [{name: c, image: pause}]
		EOT
	} >object.yaml
	check k apply -f object.yaml
}

# wait_rollout STS: until all of its pods are of the newest revision and ready
wait_rollout() {
	check k -n "$ns" rollout status statefulset "$1" \
		--timeout="${IPGUARD_TEST_TIMEOUT}s"
}
wait_ready() { # wait_ready POD
	wait_until k -n "$ns" wait pod "$1" --for=condition=Ready --timeout=5s
}
wait_gone() { # wait_gone KIND NAME
	wait_until not k -n "$ns" get "$1" "$2"
}
pod_uid() { k -n "$ns" get pod "$1" -o jsonpath='{.metadata.uid}'; }
evict() { # evict POD: by the API's eviction, as a drain does
	printf '{"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"%s","namespace":"%s"}}' \
		"$1" "$ns" >object.json
	check k create --raw "/api/v1/namespaces/$ns/pods/$1/eviction" -f object.json
}
# deny_pods: no pod can be created in $ns until allow_pods.  There is no quota
# controller that would fill in the status.
deny_pods() {
	check k -n "$ns" create quota none --hard=pods=0
	check k -n "$ns" patch quota none --subresource=status --type=merge \
		-p '{"status":{"hard":{"pods":"0"},"used":{"pods":"0"}}}'
	wait_until not k -n "$ns" run probe --image=pause --dry-run=server
}
allow_pods() {
	check k -n "$ns" delete quota none
	wait_until k -n "$ns" run probe --image=pause --dry-run=server
}
# nudge STS: makes the StatefulSet controller try again at once
nudge() { check k -n "$ns" annotate statefulset "$1" nudge=now --overwrite; }

# --- Ports -------------------------------------------------------------------
# The addresses of a pod's port without its MAC, sorted.
ips_of() {
	fetch nb:Logical_Switch_Port addresses name="$1.${2:-$ns}" |
		tr ' ' '\n' | grep -vi '^..:..:..:..:..:..$' | sort | tr '\n' ' ' |
		sed 's/ *$//'
}
ips_are() {
	local found
	found=$(ips_of "$1")
	echo "$1.$ns has '$found', wanted '$2'"
	[ "$found" = "$2" ]
}
# wait_ips POD "IP...": sorted
wait_ips() { wait_until ips_are "$@"; }
check_ips() {
	ips_are "$@" || fail "wrong addresses"
}
wait_up() { # wait_up POD: OVN says that its port is up
	wait_column true nb:Logical_Switch_Port up name="$1.$ns"
}
wait_no_port() { wait_row_count nb:Logical_Switch_Port 0 name="$1.$ns"; }
is_open() { # is_open POD: not disabled
	! fetch nb:Logical_Switch_Port enabled name="$1.$ns" | grep -q false
}

# Journal.  journal COLUMNS [CONDITION...]: sorted by sequence
journal() {
	local columns=$1
	shift
	fetch own:Journal "sequence,$columns" "$@" | sort -n
}
# happened_before ACTION1 PORT1 IP1 ACTION2 PORT2 IP2: in the journal; a port
# of "-" is not looked at
happened_before() {
	local a b
	a=$(journal action action="$1" address="$3" ${2:+$([ "$2" = - ] || echo "port_name=$2")} |
		head -n 1 | cut -f1)
	b=$(journal action action="$4" address="$6" ${5:+$([ "$5" = - ] || echo "port_name=$5")} |
		head -n 1 | cut -f1)
	echo "$1 $3: ${a:-never}; $4 $6: ${b:-never}"
	[ -n "$a" ] && [ -n "$b" ] && [ "$a" -lt "$b" ]
}
check_before() {
	echo "check_before $*"
	happened_before "$@" || fail "wrong order in the journal"
}
# clears: every clear, as the network, address and port
clears() {
	journal network_name,address,port_name action=clear | cut -f2- |
		grep -v '^canaries' | sort
}
check_clears() { # check_clears [NETWORK ADDRESS PORT]...: these and no others
	local wanted found
	wanted=$([ $# = 0 ] || printf '%s\t%s\t%s\n' "$@" | sort)
	found=$(clears)
	[ "$found" = "$wanted" ] || {
		printf 'cleared:\n%s\nwanted:\n%s\n' "$found" "$wanted"
		fail "wrong clears"
	}
}

# settle: returns once the daemon has seen everything that was done before and
# has had the time to act on it.  Shown as let_pass shows it, by something that
# it acts on only after the settle time: a pod with an address is deleted for
# good whose port stays.
n_canaries=0
settle() {
	local name port mac
	n_canaries=$((n_canaries + 1))
	name=$ns-$n_canaries
	port=$name.canaries
	mac=0a:02:00:00:00:$(printf %02x $n_canaries)
	ovn-nbctl --may-exist ls-add canaries
	check k -n canaries run "$name" --image=pause
	check ovn-nbctl lsp-add canaries "$port" \
		-- set Logical_Switch_Port "$port" external_ids:vendor=kube-ovn \
		external_ids:ls=canaries external_ids:pod="\"canaries/$name\"" \
		addresses="\"$mac 192.0.2.$n_canaries\""
	wait_output "pod canaries/$name" ipguard port/show "$port"
	check k -n canaries delete pod "$name" --force --grace-period=0
	wait_column "$mac" nb:Logical_Switch_Port addresses name="$port"
}
