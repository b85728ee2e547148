# SPDX-License-Identifier: Apache-2.0
#
# A private OVN made of the installed programs, as shell functions.
#
# utilities/sandbox, utilities/quickstart and the system tests are built on
# this file: they source it, say where the sandbox lives and which parts they
# want, and use the helpers at its end to plug interfaces and send packets.
# It is plain POSIX shell plus "local", because Autotest runs it under
# /bin/sh, and it defines functions and nothing else: sourcing it starts and
# changes nothing.
#
# A sandbox is a directory:
#
#     nb.db sb.db own.db      the Northbound, Southbound and own database,
#     nb.sock sb.sock ...     each served by an ovsdb-server of its own
#     chN/                    one chassis: conf.db, ovs-vswitchd,
#                             ovn-controller, each with log and pid file
#     env                     shell code that points a program at this sandbox
#
# A running program is a "part", named after its pid file without the suffix:
# nb, sb, own, ovn-northd, ovn-ipguard, ch1/db, ch1/ovs-vswitchd,
# ch1/ovn-controller.  Nothing is ever stopped by program name, so sandboxes
# do not see each other, nor an OVN that the machine itself runs.
#
# Paths of sockets may be longer than sun_path: the Open vSwitch library
# reaches such sockets through /proc/self/fd.

# How long a part may take to start or stop.  A healthy one needs milliseconds;
# the limit is for machines that are busy with other things.
: "${SANDBOX_TIMEOUT=30}"

sandbox_error () {
    echo "sandbox: $*" >&2
}


## Programs and schemas.

# Prints the Debian package that has program $1.
sandbox_package () {
    case $1 in
        ovsdb-* | ovs-appctl) echo openvswitch-common ;;
        ovs-*)                echo openvswitch-switch ;;
        ovn-northd)           echo ovn-central ;;
        ovn-controller)       echo ovn-host ;;
        ovn-*)                echo ovn-common ;;
        *)                    echo "$1" ;;
    esac
}

# Checks that each program named is there; says which package to install for
# every one that is not.  The daemons are in /usr/sbin, which the PATH of an
# ordinary user does not have.
sandbox_need_programs () {
    local missing= program

    case :$PATH: in
        *:/usr/sbin:*) ;;
        *) PATH=$PATH:/usr/sbin:/sbin; export PATH ;;
    esac
    for program in "$@"; do
        if ! command -v "$program" > /dev/null 2>&1; then
            missing="$missing $(sandbox_package "$program")"
            sandbox_error "$program not found; install the Debian package" \
                "$(sandbox_package "$program")"
        fi
    done
    if test -n "$missing"; then
        missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
        sandbox_error "try: apt-get install --no-install-recommends" $missing
        return 1
    fi
}

# Prints the path of the installed schema file $1; $2 is its package.
sandbox_find_schema () {
    local dir

    for dir in "$OVN_PKGDATADIR" "$OVS_PKGDATADIR" /usr/share/ovn \
               /usr/share/openvswitch /usr/local/share/ovn \
               /usr/local/share/openvswitch; do
        if test -n "$dir" && test -f "$dir/$1"; then
            echo "$dir/$1"
            return 0
        fi
    done
    sandbox_error "$1 not found; install the Debian package $2"
    return 1
}

# Prints the path of the schema of the own database.
# $IPGUARD_SCHEMA, when set, says where it is.
sandbox_find_own_schema () {
    local dir

    for dir in "$IPGUARD_SCHEMA" \
               "$IPGUARD_SRCDIR/schema/ovn-ipguard.ovsschema" \
               "$IPGUARD_PKGDATADIR/ovn-ipguard.ovsschema" \
               /usr/share/ovn-ipguard/ovn-ipguard.ovsschema \
               /usr/local/share/ovn-ipguard/ovn-ipguard.ovsschema; do
        if test -f "$dir"; then
            echo "$dir"
            return 0
        fi
    done
    sandbox_error "ovn-ipguard.ovsschema not found; set IPGUARD_SCHEMA" \
        "to where it is"
    return 1
}


## The directory and its environment.

# Makes directory $1 the sandbox of this shell: sets $IPGUARD_SANDBOX and the
# variables by which OVN's and OVS's programs find their databases, sockets
# and logs.  Fails if the name cannot be used.
sandbox_use () {
    case $1 in
        /*) ;;
        *) sandbox_error "$1: the name of a sandbox must be absolute"
           return 1 ;;
    esac
    # A comma separates the remotes in a list of databases.
    case $1 in
        *,* | *"
"*) sandbox_error "$1: no comma or line break in a sandbox's name, please"
           return 1 ;;
    esac

    IPGUARD_SANDBOX=$1
    OVN_RUNDIR=$1 OVN_LOGDIR=$1 OVN_DBDIR=$1 OVN_SYSCONFDIR=$1
    # ovs-vsctl and ovs-appctl speak to the first chassis; see as().
    OVS_RUNDIR=$1/ch1 OVS_LOGDIR=$1/ch1 OVS_DBDIR=$1/ch1 OVS_SYSCONFDIR=$1/ch1
    OVN_NB_DB=unix:$1/nb.sock
    OVN_SB_DB=unix:$1/sb.sock
    OVN_IPGUARD_DB=unix:$1/own.sock
    export IPGUARD_SANDBOX OVN_RUNDIR OVN_LOGDIR OVN_DBDIR OVN_SYSCONFDIR
    export OVS_RUNDIR OVS_LOGDIR OVS_DBDIR OVS_SYSCONFDIR
    export OVN_NB_DB OVN_SB_DB OVN_IPGUARD_DB
    # A daemon of ovn-nbctl that the user runs would lead us elsewhere.
    unset OVN_NB_DAEMON OVN_SB_DAEMON OVN_NBCTL_OPTIONS OVN_SBCTL_OPTIONS
}

# Quotes $1 for the shell.
sandbox_quote () {
    printf "'%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

# Writes the environment of this sandbox as shell code into its file "env".
# $1 is the path of this file, so that "env" brings the helpers along.
sandbox_write_env () {
    {
        echo "# Source this to work in the sandbox $IPGUARD_SANDBOX"
        echo "PATH=$(sandbox_quote "$PATH"); export PATH"
        echo ". $(sandbox_quote "$1")"
        echo "sandbox_use $(sandbox_quote "$IPGUARD_SANDBOX")"
    } > "$IPGUARD_SANDBOX/env"
}


## Parts.

# Prints the pid of part $1, and fails if it does not run.  A pid file alone
# proves nothing: the program may have died and its pid may be somebody
# else's by now.  The command line of every part names its own pid file.
sandbox_pid () {
    local pid pidfile="$IPGUARD_SANDBOX/$1.pid"

    test -f "$pidfile" || return 1
    read -r pid 2> /dev/null < "$pidfile" || test -n "$pid" || return 1
    grep -aqsF -e "--pidfile=$pidfile" "/proc/$pid/cmdline" || return 1
    echo "$pid"
}

sandbox_is_running () {
    sandbox_pid "$1" > /dev/null
}

# Runs command "$@" every 20 ms until it succeeds, SANDBOX_TIMEOUT at most.
sandbox_wait () {
    local n=0

    until "$@"; do
        n=$((n + 1))
        if test $n -gt $((SANDBOX_TIMEOUT * 50)); then
            return 1
        fi
        sleep 0.02
    done
}

sandbox_is_stopped () {
    ! sandbox_is_running "$1"
}

# True if there is no process $1, or what is left of it is a zombie.  (A dying
# process loses its command line first, and its files and locks later.)
process_is_gone () {
    # Each of its threads: the main one may have ended while another one, and
    # with it the lock of the pidfile, has not.
    ! grep -Eqs '^State:[[:space:]]+[^ZX]' "/proc/$1"/task/*/status
}

# Sends signal $2 (default TERM) to part $1 and, unless the signal only stops
# or continues it, waits for its end.
sandbox_kill () {
    local part="$1" signal="${2:-TERM}" pid

    pid=$(sandbox_pid "$part") || return 0
    kill "-$signal" "$pid" 2> /dev/null
    case $signal in
        STOP | CONT | USR1 | USR2 | HUP | 0) return 0 ;;
    esac
    # A stopped process gets its signals when it goes on.
    kill -CONT "$pid" 2> /dev/null
    if ! sandbox_wait process_is_gone "$pid"; then
        sandbox_error "$part (pid $pid) does not end; killing it"
        kill -KILL "$pid" 2> /dev/null
        sandbox_wait process_is_gone "$pid"
    fi
}

# Freezes part $1 (SIGSTOP), or lets it go on (SIGCONT).
freeze () { sandbox_kill "$1" STOP; }
thaw () { sandbox_kill "$1" CONT; }

# Starts OVS or OVN daemon $2... as part $1, detached.  Its messages go to
# its log file only; a failure prints the log's end.
sandbox_daemon () {
    local part="$1" program="$2"

    shift 2
    if ! "$program" --detach --no-chdir -vconsole:off -vsyslog:off \
            --pidfile="$IPGUARD_SANDBOX/$part.pid" \
            --log-file="$IPGUARD_SANDBOX/$part.log" "$@"; then
        sandbox_error "$program ($part) does not start; its log ends with:"
        tail -n 20 "$IPGUARD_SANDBOX/$part.log" >&2
        return 1
    fi
}

# Starts the ovsdb-server of $1 ("nb", "sb", "own" or "chN/db") on the
# database file $2.
sandbox_start_server () {
    sandbox_daemon "$1" ovsdb-server \
        --unixctl="$IPGUARD_SANDBOX/$1.ctl" \
        --remote="punix:$IPGUARD_SANDBOX/$1.sock" "$2"
}

# Creates the Northbound database and starts its server.
sandbox_start_nb () {
    if test ! -f "$IPGUARD_SANDBOX/nb.db"; then
        ovsdb-tool create "$IPGUARD_SANDBOX/nb.db" \
            "$(sandbox_find_schema ovn-nb.ovsschema ovn-central)" || return 1
    fi
    sandbox_start_server nb "$IPGUARD_SANDBOX/nb.db" && ovn-nbctl init
}

# The same for the Southbound database.
sandbox_start_sb () {
    if test ! -f "$IPGUARD_SANDBOX/sb.db"; then
        ovsdb-tool create "$IPGUARD_SANDBOX/sb.db" \
            "$(sandbox_find_schema ovn-sb.ovsschema ovn-central)" || return 1
    fi
    sandbox_start_server sb "$IPGUARD_SANDBOX/sb.db" && ovn-sbctl init
}

# The same for the own database.  It is a cluster of one member, as shipped:
# a standalone server does not sync its file to the disk.  With "standalone"
# as $1 it is made without a cluster.
sandbox_start_own () {
    local db="$IPGUARD_SANDBOX/own.db" schema

    if test ! -f "$db"; then
        schema=$(sandbox_find_own_schema) || return 1
        if test "$1" = standalone; then
            ovsdb-tool create "$db" "$schema" || return 1
        else
            ovsdb-tool -vconsole:err create-cluster "$db" "$schema" \
                "unix:$IPGUARD_SANDBOX/own.raft" || return 1
        fi
    fi
    sandbox_start_server own "$db"
}

sandbox_start_northd () {
    sandbox_daemon ovn-northd ovn-northd \
        --ovnnb-db="$OVN_NB_DB" --ovnsb-db="$OVN_SB_DB"
}

# Runs a command with the environment of chassis $1: ovs-vsctl, ovs-appctl
# and "ovn-appctl -t ovn-controller" then speak to that one.
as () {
    local chassis="$1"

    shift
    (
        OVS_RUNDIR=$IPGUARD_SANDBOX/$chassis
        OVS_LOGDIR=$OVS_RUNDIR OVS_DBDIR=$OVS_RUNDIR OVS_SYSCONFDIR=$OVS_RUNDIR
        OVN_RUNDIR=$OVS_RUNDIR OVN_LOGDIR=$OVS_RUNDIR
        "$@"
    )
}

# Starts the switch of chassis $1 ("ch1", "ch2", ...): a datapath in user
# space whose ports, other than br-int itself, are made by plug().
sandbox_start_vswitchd () {
    local chassis="$1" dir="$IPGUARD_SANDBOX/$1"

    if test ! -f "$dir/conf.db"; then
        mkdir -p "$dir" || return 1
        ovsdb-tool create "$dir/conf.db" \
            "$(sandbox_find_schema vswitch.ovsschema openvswitch-common)" \
            || return 1
    fi
    sandbox_start_server "$chassis/db" "$dir/conf.db" || return 1
    as "$chassis" ovs-vsctl --no-wait -- init -- --may-exist add-br br-int \
        -- set bridge br-int fail-mode=secure \
                             other-config:disable-in-band=true \
        -- set open_vswitch . external-ids:system-id="$chassis" \
            external-ids:hostname="$chassis" \
            external-ids:ovn-encap-type=geneve \
            external-ids:ovn-encap-ip="192.168.0.${chassis#ch}" \
            external-ids:ovn-remote="\"$OVN_SB_DB\"" || return 1
    as "$chassis" sandbox_daemon "$chassis/ovs-vswitchd" ovs-vswitchd \
        --enable-dummy=override --disable-system --disable-system-route \
        "unix:$dir/db.sock"
}

sandbox_start_controller () {
    as "$1" sandbox_daemon "$1/ovn-controller" ovn-controller \
        "unix:$IPGUARD_SANDBOX/$1/db.sock"
}

sandbox_start_chassis () {
    sandbox_start_vswitchd "$1" && sandbox_start_controller "$1"
}

# Starts the whole sandbox in directory $1, which exists, with $2 chassis.
sandbox_start () {
    local n=1

    sandbox_need_programs ovsdb-server ovsdb-tool ovsdb-client ovs-vswitchd \
        ovs-vsctl ovs-appctl ovn-northd ovn-controller ovn-nbctl ovn-sbctl \
        ovn-appctl || return 1
    sandbox_use "$1" || return 1
    sandbox_find_schema ovn-nb.ovsschema ovn-central > /dev/null &&
    sandbox_find_schema ovn-sb.ovsschema ovn-central > /dev/null &&
    sandbox_find_schema vswitch.ovsschema openvswitch-common > /dev/null &&
    sandbox_start_nb && sandbox_start_sb && sandbox_start_own &&
    sandbox_start_northd || return 1
    while test "$n" -le "$2"; do
        sandbox_start_chassis "ch$n" || return 1
        n=$((n + 1))
    done
    # Chassis are told apart from "no chassis yet" by the first barrier.
    sandbox_wait sandbox_has_chassis "$2"
}

sandbox_has_chassis () {
    test "$(ovn-sbctl --bare --columns=_uuid find Chassis_Private \
            chassis!='[]' | grep -c .)" -ge "$1"
}

# Prints the parts of this sandbox that have a pid file, the daemon first:
# what it depends on should not go away under it.
sandbox_parts () {
    (
        cd "$IPGUARD_SANDBOX" 2> /dev/null || exit 0
        find . -name '*.pid' | sed 's,^\./,,; s,\.pid$,,' | sort |
            awk '/^ovn-ipguard/ { print; next } { rest = rest $0 "\n" }
                 END { printf "%s", rest }'
    )
}

# Stops every part and waits until all are gone.
sandbox_stop () {
    local part pid pids=

    test -n "$IPGUARD_SANDBOX" || return 0
    for part in $(sandbox_parts); do
        pid=$(sandbox_pid "$part") || continue
        pids="$pids $pid"
        case $part in
            ovn-ipguard*) sandbox_kill "$part" TERM ;;
            *) sandbox_kill_soon "$part" TERM ;;
        esac
    done
    for part in $(sandbox_parts); do
        sandbox_kill "$part" TERM
    done
    # What removed its pid file already may still be on its way out.
    for pid in $pids; do
        sandbox_wait process_is_gone "$pid"
    done
}

# Sends signal $2 to part $1 and lets a stopped one have it; does not wait.
sandbox_kill_soon () {
    local pid

    pid=$(sandbox_pid "$1") || return 0
    kill "-$2" "$pid" 2> /dev/null
    kill -CONT "$pid" 2> /dev/null
}


## Interfaces and packets.

# plug CHASSIS IFACE LSP: an interface for logical switch port LSP comes up
# on the chassis, as when a CNI plug-in has made a pod's network.
plug () {
    as "$1" ovs-vsctl add-port br-int "$2" -- set interface "$2" type=dummy \
        external-ids:iface-id="\"$3\"" \
        options:tx_pcap="\"$IPGUARD_SANDBOX/$1/$2-tx.pcap\""
}

# unplug CHASSIS IFACE: the interface goes, as when the pod is deleted.
unplug () {
    as "$1" ovs-vsctl --if-exists del-port br-int "$2"
}

# inject CHASSIS IFACE HEX: the pod behind the interface sends a packet.
inject () {
    as "$1" ovs-appctl netdev-dummy/receive "$2" "$3"
}

# delivered CHASSIS IFACE: prints, in hex, the packets that reached the pod
# behind the interface so far.
delivered () {
    ovs-pcap "$IPGUARD_SANDBOX/$1/$2-tx.pcap" 2> /dev/null
}

# Prints IPv4 address $1 in hex.
hex_ip () {
    printf '%02x%02x%02x%02x' $(echo "$1" | tr . ' ')
}

# Prints Ethernet address $1 in hex.
hex_mac () {
    echo "$1" | tr -d : | tr A-F a-f
}

# garp_packet MAC IP: prints the gratuitous ARP request that announces IP.
garp_packet () {
    local mac ip

    mac=$(hex_mac "$1") ip=$(hex_ip "$2")
    echo "ffffffffffff${mac}08060001080006040001${mac}${ip}000000000000${ip}"
}

# udp_packet SRC_MAC DST_MAC SRC_IP DST_IP: prints a small UDP packet.
udp_packet () {
    local sum=0 i=0 src dst header word

    src=$(hex_ip "$3") dst=$(hex_ip "$4")
    # IPv4, 32 bytes in all: header, UDP header, 4 bytes of payload.
    header=45000020000000004011
    for word in $(echo "${header}0000${src}${dst}" | sed 's/..../0x& /g'); do
        sum=$((sum + word))
        i=$((i + 1))
    done
    sum=$(((sum & 0xffff) + (sum >> 16)))
    sum=$(printf %04x $((0xffff - ((sum & 0xffff) + (sum >> 16)))))
    echo "$(hex_mac "$2")$(hex_mac "$1")0800${header}${sum}${src}${dst}"\
"1389138a000c0000deadbeef" | tr -d ' '
}

# garp CHASSIS IFACE MAC IP: the pod announces that it has IP.
garp () {
    inject "$1" "$2" "$(garp_packet "$3" "$4")"
}


## Faults.

northd_is () {
    test "$(ovn-appctl -t ovn-northd status 2> /dev/null)" = "Status: $1"
}

# Stops northd from writing to the Southbound database, and lets it go on.
# It lives and reads meanwhile; freeze ovn-northd stops it altogether.
northd_pause () {
    ovn-appctl -t ovn-northd pause && sandbox_wait northd_is paused
}

northd_resume () {
    ovn-appctl -t ovn-northd resume && sandbox_wait northd_is active
}

# phantom_chassis NAME: a chassis that died without a word: rows nobody will
# ever update.
phantom_chassis () {
    local row

    ovn-sbctl --may-exist chassis-add "$1" geneve 192.168.0.254 || return 1
    row=$(ovn-sbctl --bare --columns=_uuid find Chassis name="$1")
    test -n "$(ovn-sbctl --bare --columns=_uuid \
               find Chassis_Private name="$1")" ||
        ovn-sbctl create Chassis_Private name="$1" chassis="$row" > /dev/null
}
