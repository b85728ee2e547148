# SPDX-License-Identifier: Apache-2.0
#
# Shell functions of the system tests, a part of ipguard-lib.sh: rows of the
# databases.  TABLE is nb:TABLE, sb:TABLE or own:TABLE; conditions are those of
# "ovn-nbctl find" for the first two, of ovsdb-rows for own.

# fetch TABLE COLUMN [CONDITION...]: prints the values, sorted, one row a line.
fetch () {
    local db="${1%%:*}" table="${1#*:}" column="$2"

    shift 2
    case $db in
        nb | sb)
            ovn-${db}ctl --bare --no-headings --columns="$column" \
                find "$table" "$@" | grep . | sort ;;
        own)
            "$abs_top_srcdir/tests/system/ovsdb-rows" "$OVN_IPGUARD_DB" \
                OVN_IPGuard "$table" "$column" "$@" ;;
        *) fail "$db: no such database" ;;
    esac
}

count_rows () {
    local table="$1"

    shift
    fetch "$table" _uuid "$@" | grep -c .
}

column_is () {
    local wanted="$1" table="$2" column="$3" found

    shift 3
    found=$(fetch "$table" "$column" "$@" | tr '\n' ' ' | sed 's/ *$//')
    echo "$table $column $*: found '$found', wanted '$wanted'"
    test "$found" = "$wanted"
}

row_count_is () {
    local table="$1" wanted="$2" found

    shift 2
    found=$(count_rows "$table" "$@")
    echo "$table $*: found $found rows, wanted $wanted"
    test "$found" = "$wanted"
}

row_count_at_least () {
    local table="$1" wanted="$2" found

    shift 2
    found=$(count_rows "$table" "$@")
    echo "$table $*: found $found rows, wanted $wanted or more"
    test "$found" -ge "$wanted"
}

# wait_column VALUE TABLE COLUMN [CONDITION...]
wait_column () { wait_until column_is "$@"; }
# wait_row_count TABLE N [CONDITION...]
wait_row_count () { wait_until row_count_is "$@"; }
wait_rows_at_least () { wait_until row_count_at_least "$@"; }

check_column () {
    echo "check_column $*"
    column_is "$@" > check-output || {
        cat check-output
        fail "unexpected value"
    }
}

check_row_count () {
    echo "check_row_count $*"
    row_count_is "$@" > check-output || {
        cat check-output
        fail "unexpected number of rows"
    }
}

# The addresses of a port.
wait_addresses () { wait_column "$2" nb:Logical_Switch_Port addresses name="$1"; }
check_addresses () {
    check_column "$2" nb:Logical_Switch_Port addresses name="$1"
}
check_port_security () {
    check_column "$2" nb:Logical_Switch_Port port_security name="$1"
}
wait_port_security () {
    wait_column "$2" nb:Logical_Switch_Port port_security name="$1"
}
wait_enabled () { wait_column "$2" nb:Logical_Switch_Port enabled name="$1"; }
check_enabled () { check_column "$2" nb:Logical_Switch_Port enabled name="$1"; }

# no_address LSP IP: the port's addresses do not have IP.
no_address () {
    ! fetch nb:Logical_Switch_Port addresses name="$1" | grep -Fqw -e "$2"
}

port_uuid () {
    fetch nb:Logical_Switch_Port _uuid name="$1"
}

# Holds.  wait_hold IP STATE, wait_no_hold IP.
wait_hold () { wait_column "$2" own:Hold state address="$1"; }
check_hold () { check_column "$2" own:Hold state address="$1"; }
wait_no_hold () { wait_row_count own:Hold 0 address="$1"; }
check_no_hold () { check_row_count own:Hold 0 address="$1"; }
# wait_blocker IP REGEX: a blocker of the hold says so.
wait_blocker () { wait_output "$2" fetch own:Hold blockers address="$1"; }

# For wait_until: no blocker of the hold names the port.
no_blocker_of () {
    ! fetch own:Hold blockers address="$2" | grep -Fqw -e "$1"
}

# wait_journal ACTION IP [N]: N rows (default 1) of the journal say so.
wait_journal () {
    wait_row_count own:Journal "${3:-1}" action="$1" address="$2"
}
check_journal () {
    check_row_count own:Journal "${3:-1}" action="$1" address="$2"
}

# Prints database $1 (nb or sb) as text that is equal if the content is.
snapshot () {
    case $1 in
        nb) ovsdb-client dump "$OVN_NB_DB" OVN_Northbound ;;
        sb) ovsdb-client dump "$OVN_SB_DB" OVN_Southbound ;;
        own) ovsdb-client dump "$OVN_IPGUARD_DB" OVN_IPGuard ;;
    esac
}

# Prints the rows of the ports named, whole.
port_rows () {
    local name

    for name in "$@"; do
        ovn-nbctl --columns=_uuid,name,type,addresses,port_security,enabled,options,external_ids,parent_name,tag \
            find Logical_Switch_Port name="$name"
    done
}

# check_same FILE COMMAND...: the output is what FILE has.
check_same () {
    local file="$1"

    shift
    echo "check_same $file $*"
    "$@" > same-now
    diff -u "$file" same-now > check-output || {
        cat check-output
        fail "changed: $*"
    }
}

# How many transactions the file of database $1 has recorded.
count_transactions () {
    ovsdb-tool show-log "$IPGUARD_SANDBOX/$1.db" | grep -c '^record '
}
