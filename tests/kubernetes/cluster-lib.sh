# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# Shared by build-cluster, cluster-up and cluster-down; sourced, not run.

die() { echo "${0##*/}: $*" >&2; exit 1; }
note() { echo "${0##*/}: $*" >&2; }

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${K8S_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/ovn-ipguard/kubernetes}

# Every program: name, Go package. The versions are pinned in go.mod.
programs() {
	cat <<-EOF
	etcd                    go.etcd.io/etcd/server/v3
	kube-apiserver          k8s.io/kubernetes/cmd/kube-apiserver
	kube-controller-manager k8s.io/kubernetes/cmd/kube-controller-manager
	kube-scheduler          k8s.io/kubernetes/cmd/kube-scheduler
	kubectl                 k8s.io/kubernetes/cmd/kubectl
	kwok                    sigs.k8s.io/kwok/cmd/kwok
	EOF
}

# alive NAME: true if the process in DIR/run/NAME.pid is still the program
# that was started there (a pid can be used again by another program).
alive() {
	local pidfile=$dir/run/$1.pid pid exe
	[ -s "$pidfile" ] || return 1
	pid=$(cat "$pidfile")
	exe=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 1
	[ "$(basename "${exe% (deleted)}")" = "$1" ]
}
