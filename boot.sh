#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes ./configure and the Makefile.in templates of a checkout.

set -e
cd "$(dirname "$0")"
for tool in autoreconf:autoconf automake:automake libtoolize:libtool; do
    command -v "${tool%%:*}" >/dev/null || {
        echo "boot.sh: ${tool%%:*} not found; please install the" \
             "package ${tool##*:}" >&2
        exit 1
    }
done
exec autoreconf --install --force --warnings=all,no-portability
