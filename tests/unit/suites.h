/* SPDX-License-Identifier: Apache-2.0 */

/* The list of unit-test suites, read several times with SUITE() defined
 * differently, hence without a guard.
 *
 * To add the suite of a module "foo-bar":
 *
 *   1. write tests/unit/test-foo-bar.c with "void suite_foo_bar(void)", which
 *      registers itself with unit_add_suite() of unit.h and CU_ADD_TEST();
 *   2. add that file to tests/unit/automake.mk;
 *   3. add SUITE(foo_bar) below.
 *
 * Suites run in this order. */

SUITE(api_source)
SUITE(api_write)
SUITE(idl)
SUITE(ip_addr)
SUITE(ipam_metrics)
SUITE(kubeconfig)
SUITE(lsp_addr)
SUITE(lsp_edit)
SUITE(lsp_edit_random)
SUITE(settings)
SUITE(orders)
SUITE(overview)
SUITE(nb_ports)
SUITE(store_known)
SUITE(report)
SUITE(claim)
SUITE(plan)
SUITE(pod)
SUITE(workload)
SUITE(dialect_kube_ovn)
SUITE(dialect_ovn_kubernetes)
SUITE(dialect_auto)
SUITE(managed_fields)
SUITE(manifest_reader)
SUITE(manifest_object)
SUITE(manifests)
SUITE(manifests_folder)
SUITE(manifests_objects)
SUITE(event_text)
SUITE(evidence)
SUITE(exclude_ips)
SUITE(explain)
SUITE(guard)
SUITE(guard_events)
SUITE(guard_found)
SUITE(guard_found_gates)
SUITE(guard_gates)
SUITE(guard_holds)
SUITE(guard_orders)
SUITE(guard_ovn_kubernetes)
SUITE(guard_random)
SUITE(guard_release)
SUITE(guard_request)
SUITE(guard_reserve)
SUITE(guard_roles)
SUITE(hold)
SUITE(ipam)
SUITE(judge)
SUITE(judge_ovn_kubernetes)
SUITE(memory)
SUITE(model)
SUITE(safety)
SUITE(sb_condition)
SUITE(admission)
SUITE(admission_review)
SUITE(admission_template)
SUITE(control)
SUITE(web_server)
SUITE(webhook_watch)
SUITE(web_stream)
