# SPDX-License-Identifier: Apache-2.0
#
# Takes out of a manual page that ovsdb-doc made what mandoc and groff warn
# about: paragraphs with nothing in them, breaks where there is one anyway, and
# "in" for inches, which is "i".

/^\. *(IP|TQ|RS|TP) .*[0-9]in$/ { sub(/in$/, "i") }
/^\.  br$/ { next }
/^\.PP$/ { paragraph = 1; next }
/^\.S[HS]/ { paragraph = 0 }
# A title within a section is a paragraph of its own already; not so right
# after the section's.
/^\.ST/ && head {
    sub(/^\.ST /, ".I ")
    $0 = ".RS -0.15i\n" $0 "\n.RE"
    print
    next
}
{
    if (paragraph && !head) {
        print ".PP"
    }
    paragraph = 0
    head = /^\.S[HST]/
    print
}
