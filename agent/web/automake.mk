# SPDX-License-Identifier: Apache-2.0
#
# What is served over HTTP and HTTPS; alone uses libmicrohttpd and GnuTLS.
# A new file of agent/web/ is added to the list below, alphabetically.

noinst_LTLIBRARIES += agent/web/libweb.la

agent_web_libweb_la_SOURCES = \
	agent/web/web-conn.c \
	agent/web/web-exchange.c \
	agent/web/web-files.c \
	agent/web/web-host.c \
	agent/web/web-private.h \
	agent/web/web-server.c \
	agent/web/web-server.h \
	agent/web/web-stream.c
