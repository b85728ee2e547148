# SPDX-License-Identifier: Apache-2.0
#
# Shell functions that fill a Northbound database as others do: Neutron
# (ML2/OVN with the Octavia provider), Kube-OVN and ovn-kubernetes, with rows of
# all kinds that bear addresses, and external_ids as they write them.  Over
# ipguard-lib.sh.  Nothing in them is wrong: no two ports of a network have one
# address.

# neutron_port NETWORK N OWNER CIDR [COLUMN=VALUE...]: port N (two hex digits) of
# a network; CIDR "-" is none.
neutron_port () {
    local network="$1" n="$2" owner="$3" cidr="$4" addresses

    shift 4
    addresses="\"fa:16:3e:00:00:$n ${cidr%/*}\""
    test "$cidr" != - || addresses=unknown
    check ovn-nbctl lsp-add "$network" "5b5b8e0c-0000-4000-8000-0000000000$n" \
        -- set Logical_Switch_Port "5b5b8e0c-0000-4000-8000-0000000000$n" \
            addresses="$addresses" enabled=true \
            external_ids:'"neutron:cidrs"'="\"${cidr#-}\"" \
            external_ids:'"neutron:device_id"'="\"d-$n\"" \
            external_ids:'"neutron:device_owner"'="\"$owner\"" \
            external_ids:'"neutron:network_name"'="\"$network\"" \
            external_ids:'"neutron:port_name"'='""' \
            external_ids:'"neutron:project_id"'='"6a1d5b40"' \
            external_ids:'"neutron:revision_number"'='"4"' \
            external_ids:'"neutron:security_group_ids"'='"e3c1c7f0-0000"' "$@"
}

# Two tenants with the same subnet, an external network with a localnet port, a
# router with floating IPs, DHCP, metadata, a virtual port, a trunk with
# subports, SR-IOV, bare metal, a load balancer, DNS, security groups.
fill_neutron () {
    local a=neutron-aaaaaaaa-0000-4000-8000-000000000001
    local b=neutron-bbbbbbbb-0000-4000-8000-000000000002
    local ext=neutron-cccccccc-0000-4000-8000-000000000003
    local r=neutron-dddddddd-0000-4000-8000-000000000004
    local name p=5b5b8e0c-0000-4000-8000-0000000000

    for name in $a $b $ext; do
        check ovn-nbctl ls-add $name \
            -- set Logical_Switch $name other_config:mcast_snoop=false \
                other_config:vlan-passthru=false \
                external_ids:'"neutron:network_name"'="\"net $name\"" \
                external_ids:'"neutron:mtu"'='"1442"' \
                external_ids:'"neutron:revision_number"'='"3"'
    done
    # Machines; with IPv6, with addresses that a security group allows as well.
    neutron_port $a 11 compute:nova 192.168.0.11/24 options:requested-chassis=ch1 port_security='"fa:16:3e:00:00:11 192.168.0.11"'
    neutron_port $a 12 compute:nova "192.168.0.12 fd00:a::12" port_security='"fa:16:3e:00:00:12 192.168.0.12 fd00:a::12 192.168.0.50"'
    neutron_port $b 13 compute:nova 192.168.0.11/24
    neutron_port $b 14 compute:nova 192.168.0.12/24
    # The metadata service, DHCP of an agent, an address for nobody yet.
    neutron_port $a 02 network:distributed 192.168.0.2/24 type=localport
    neutron_port $b 03 network:distributed 192.168.0.2/24 type=localport
    neutron_port $a 04 network:dhcp 192.168.0.3/24
    neutron_port $a 05 '' 192.168.0.60/24
    # A virtual address in front of two machines.
    neutron_port $a 50 '' 192.168.0.50/24 type=virtual options:virtual-ip=192.168.0.50 options:virtual-parents='"'"${p}11,${p}12"'"'
    # A trunk's subports; SR-IOV; bare metal; a port of a hardware gateway.
    neutron_port $b 21 trunk:subport 192.168.0.21/24 parent_name="${p}13" tag=101
    neutron_port $b 22 trunk:subport 192.168.0.22/24 parent_name="${p}13" tag=102
    neutron_port $a 23 compute:nova 192.168.0.23/24 type=external
    neutron_port $a 24 baremetal:none 192.168.0.24/24 type=external
    neutron_port $a 25 compute:nova - type=vtep options:vtep-physical-switch=tor options:vtep-logical-switch=v1
    # The router, its ports, the external network.
    check ovn-nbctl lr-add $r \
        -- set Logical_Router $r options:always_learn_from_arp_request=false \
            options:dynamic_neigh_routers=true enabled=true \
            external_ids:'"neutron:router_name"'=router1 \
        -- lrp-add $r lrp-${p}01 fa:16:3e:00:01:01 192.168.0.1/24 \
        -- lrp-add $r lrp-${p}09 fa:16:3e:00:01:09 203.0.113.9/24 \
        -- set Logical_Router_Port lrp-${p}09 \
            external_ids:'"neutron:is_ext_gw"'='"True"' \
        -- lrp-set-gateway-chassis lrp-${p}09 ch1 1 \
        -- --id=@r create Logical_Router_Static_Route ip_prefix=0.0.0.0/0 \
            nexthop=203.0.113.1 external_ids:'"neutron:is_ext_gw"'=true \
        -- add Logical_Router $r static_routes @r
    neutron_port $a 01 network:router_interface 192.168.0.1/24 type=router addresses=router options:router-port=lrp-${p}01
    neutron_port $ext 09 network:router_gateway 203.0.113.9/24 type=router addresses=router options:router-port=lrp-${p}09 options:nat-addresses=router options:exclude-lb-vips-from-garp=true
    check ovn-nbctl lsp-add $ext provnet-eeeeeeee-0000-4000-8000-000000000005 '' 7 \
        -- set Logical_Switch_Port provnet-eeeeeeee-0000-4000-8000-000000000005 \
            type=localnet addresses=unknown options:network_name=physnet1 \
            options:mcast_flood=false
    # Source NAT, a floating IP of the router, a distributed one.
    check ovn-nbctl lr-nat-add $r snat 203.0.113.9 192.168.0.0/24 \
        -- lr-nat-add $r dnat_and_snat 203.0.113.20 192.168.0.11 \
        -- lr-nat-add $r dnat_and_snat 203.0.113.21 192.168.0.12 ${p}12 fa:16:3e:00:02:21
    for name in $(ovn-nbctl --bare --columns=_uuid find NAT type=dnat_and_snat); do
        check ovn-nbctl set NAT $name external_ids:'"neutron:fip_id"'="\"f-$name\"" \
            external_ids:'"neutron:router_name"'="\"$r\""
    done
    # DHCP, a load balancer with its address's port, DNS, security groups.
    check ovn-nbctl --id=@d create DHCP_Options cidr=192.168.0.0/24 \
            options:server_id=192.168.0.1 options:router=192.168.0.1 \
            options:lease_time=43200 options:server_mac='"fa:16:3e:00:03:01"' \
            external_ids:subnet_id='"s-1"' \
        -- set Logical_Switch_Port ${p}11 dhcpv4_options=@d
    neutron_port $a 70 ovn-octavia:vip 192.168.0.70/24 enabled=false external_ids:'"neutron:port_name"'=ovn-lb-vip-lb1
    check ovn-nbctl lb-add lb1 192.168.0.70:80 192.168.0.11:80,192.168.0.12:80 \
        -- set Load_Balancer lb1 external_ids:enabled=True \
            external_ids:'"neutron:vip"'=192.168.0.70 \
            external_ids:'"neutron:vip_port_id"'="\"${p}70\"" \
        -- ls-lb-add $a lb1 -- lr-lb-add $r lb1
    check ovn-nbctl --id=@n create DNS external_ids:ls_name=$a \
            records:vm11='"192.168.0.11"' records:'"11.0.168.192.in-addr.arpa"'=vm11 \
        -- set Logical_Switch $a dns_records=@n
    check ovn-nbctl pg-add pg_e3c1c7f0_0000 ${p}11 ${p}12 \
        -- pg-add neutron_pg_drop ${p}11 ${p}12 \
        -- create Address_Set name=as_e3c1c7f0 addresses='"192.168.0.11"'
}

# kube_ovn_router_port VPC SUBNET MAC CIDR
kube_ovn_router_port () {
    check ovn-nbctl --may-exist lr-add "$1" \
        -- set Logical_Router "$1" external_ids:vendor=kube-ovn \
        -- lrp-add "$1" "$1-$2" "$3" "$4" \
        -- lsp-add "$2" "$2-$1" \
        -- set Logical_Switch_Port "$2-$1" type=router addresses=router \
            options:router-port="$1-$2" external_ids:vendor=kube-ovn \
            external_ids:ls="$2"
}

# Subnets on a VPC, an underlay, nodes, pods of all kinds (with manifests), Vips,
# EIPs, a NAT gateway, load balancers, security groups.
fill_kube_ovn () {
    local name

    for name in ovn-default join ext1 underlay; do
        check ovn-nbctl ls-add $name \
            -- set Logical_Switch $name external_ids:vendor=kube-ovn
    done
    kube_ovn_router_port ovn-cluster ovn-default 0a:00:00:00:f0:01 10.16.0.1/16
    kube_ovn_router_port ovn-cluster join 0a:00:00:00:f0:02 100.64.0.1/16
    add_lsp join node-ch1 addresses='"0a:00:00:00:f1:01 100.64.0.2"' external_ids:vendor=kube-ovn external_ids:ls=join
    add_lsp underlay localnet.underlay type=localnet addresses=unknown options:network_name=provider external_ids:vendor=kube-ovn external_ids:ls=underlay external_ids:ipv4_network=172.17.0.0/24
    add_lsp ext1 eip1 addresses='"0a:00:00:00:f2:01 192.0.2.10"' external_ids:vendor=kube-ovn external_ids:ls=ext1
    add_lsp ovn-default mcast-querier.ovn-default addresses='"0a:00:00:00:f2:02 10.16.0.254"' external_ids:vendor=kube-ovn external_ids:ls=ovn-default external_ids:pod=default/mcast-querier.ovn-default
    # Vips: of a load balancer of switches, with namespace, of a Subnet.
    manifest_begin
    for name in slb:switch_lb_vip vip2:; do
        manifest_object vip-${name%:*} <<OBJECT
apiVersion: kubeovn.io/v1
kind: Vip
metadata: {name: ${name%:*}}
spec: {namespace: default, subnet: ovn-default, type: "${name#*:}"}
OBJECT
    done
    # Pods: fixed, of a pool, random, with two interfaces, a machine, gone to
    # completion, with port security; a NAT gateway's.
    manifest_sts sts1 1 ip_address=10.16.0.11
    sts_pod sts1 0 uid-1 ip_address=10.16.0.11 allocated=true
    manifest_sts sts2 2 ip_pool='10.16.0.12;10.16.0.13'
    sts_pod sts2 0 uid-2 ip_address=10.16.0.12 allocated=true
    sts_pod sts2 1 uid-3 ip_address=10.16.0.13 allocated=true
    manifest_pod default web-1 uid-4 rs/web ip_address=10.16.0.14 allocated=true
    manifest_pod default web-2 uid-5 rs/web ip_address=10.16.0.15,fd00:16::15 allocated=true
    manifest_pod default virt-launcher-vm1-x uid-6 vm/vm1 ip_address=10.16.0.16 allocated=true ovn.kubernetes.io/virtualmachine=vm1
    phase=Succeeded manifest_pod default job-1 uid-7 - ip_address=10.16.0.17 allocated=true
    manifest_sts vpc-nat-gw-gw1 1 ip_address=10.16.0.18
    ns=default sts_pod vpc-nat-gw-gw1 0 uid-8 ip_address=10.16.0.18 allocated=true
    manifest_end
    add_pod_port ovn-default default sts1-0 0a:00:00:00:f3:11 10.16.0.11
    add_pod_port ovn-default default sts2-0 0a:00:00:00:f3:12 10.16.0.12
    ps=yes add_pod_port ovn-default default sts2-1 0a:00:00:00:f3:13 10.16.0.13
    add_pod_port ovn-default default web-1 0a:00:00:00:f3:14 10.16.0.14
    add_pod_port ovn-default default web-2 0a:00:00:00:f3:15 10.16.0.15 fd00:16::15
    add_pod_port ovn-default default vm1 0a:00:00:00:f3:16 10.16.0.16
    add_pod_port ovn-default default job-1 0a:00:00:00:f3:17 10.16.0.17
    add_pod_port ovn-default default vpc-nat-gw-gw1-0 0a:00:00:00:f3:18 10.16.0.18
    add_pod_port ovn-default default slb 0a:00:00:00:f0:01 10.16.0.60
    check ovn-nbctl set Logical_Switch_Port slb.default options:arp_proxy=true
    add_lsp ovn-default vip2 type=virtual options:virtual-ip=10.16.0.61 options:virtual-parents=web-1.default external_ids:vendor=kube-ovn external_ids:ls=ovn-default
    add_lsp ovn-default ovn-default-vip-10.16.0.62 type=virtual options:virtual-ip=10.16.0.62 options:virtual-parents=web-2.default external_ids:vendor=kube-ovn external_ids:ls=ovn-default
    # Source NAT, EIPs, static routes, load balancers, security groups.
    check ovn-nbctl lr-nat-add ovn-cluster snat 192.0.2.10 10.16.0.0/16 \
        -- lr-nat-add ovn-cluster dnat_and_snat 192.0.2.11 10.16.0.14 \
        -- lr-route-add ovn-cluster 192.168.1.0/24 100.64.0.2 \
        -- lb-add cluster-tcp-loadbalancer 10.96.0.1:443 10.16.0.14:6443 \
        -- set Load_Balancer cluster-tcp-loadbalancer external_ids:vendor=kube-ovn \
        -- ls-lb-add ovn-default cluster-tcp-loadbalancer \
        -- pg-add ovn.sg.web web-1.default web-2.default \
        -- create Address_Set name=ovn.sg.web.associated.v4 addresses='"10.16.0.14"' external_ids:vendor=kube-ovn
}

# Two nodes of one zone with an interconnection to another one, gateways, pods,
# a user-defined network, services, egress.
fill_ovn_kubernetes () {
    local node n=1 uid

    check ovn-nbctl lr-add ovn_cluster_router \
        -- set Logical_Router ovn_cluster_router external_ids:k8s-cluster-router=yes \
        -- ls-add join -- ls-add transit_switch \
        -- lrp-add ovn_cluster_router rtoj-ovn_cluster_router 0a:58:64:40:00:01 100.64.0.1/16 \
        -- lsp-add join jtor-ovn_cluster_router \
        -- set Logical_Switch_Port jtor-ovn_cluster_router type=router addresses=router options:router-port=rtoj-ovn_cluster_router
    for node in node1 node2; do
        check ovn-nbctl ls-add $node \
            -- set Logical_Switch $node other_config:subnet=10.244.$n.0/24 other_config:exclude_ips=10.244.$n.2 \
            -- lrp-add ovn_cluster_router rtos-$node 0a:58:0a:f4:0$n:01 10.244.$n.1/24 \
            -- lsp-add $node stor-$node \
            -- set Logical_Switch_Port stor-$node type=router addresses=router options:router-port=rtos-$node \
            -- lsp-add $node k8s-$node \
            -- set Logical_Switch_Port k8s-$node addresses="\"0a:58:0a:f4:0$n:02 10.244.$n.2\"" \
            -- lr-add GR_$node -- set Logical_Router GR_$node options:chassis=ch1 external_ids:physical_ip=172.18.0.$n \
            -- lrp-add GR_$node rtoj-GR_$node 0a:58:64:40:00:1$n 100.64.0.1$n/16 \
            -- lsp-add join jtor-GR_$node \
            -- set Logical_Switch_Port jtor-GR_$node type=router addresses=router options:router-port=rtoj-GR_$node \
            -- ls-add ext_$node \
            -- lsp-add ext_$node br-ex_$node \
            -- set Logical_Switch_Port br-ex_$node type=localnet addresses=unknown options:network_name=physnet \
            -- lrp-add GR_$node rtoe-GR_$node 0a:58:ac:12:00:0$n 172.18.0.$n/16 \
            -- lsp-add ext_$node etor-GR_$node \
            -- set Logical_Switch_Port etor-GR_$node type=router addresses="\"0a:58:ac:12:00:0$n\"" options:router-port=rtoe-GR_$node \
            -- lr-nat-add GR_$node snat 172.18.0.$n 10.244.0.0/16 \
            -- lrp-add ovn_cluster_router rtots-$node 0a:58:64:58:00:0$n 100.88.0.$n/16 \
            -- lsp-add transit_switch tstor-$node \
            -- set Logical_Switch_Port tstor-$node type=router addresses=router options:router-port=rtots-$node
        n=$((n + 1))
    done
    # The other zone's node, and a pod of it on a network that spans zones.
    check ovn-nbctl lsp-add transit_switch tstor-node9 \
        -- set Logical_Switch_Port tstor-node9 type=remote addresses='"0a:58:64:58:00:09 100.88.0.9/16"'
    manifest_begin
    ovnk_pod web uid-1 rs/web "default primary 10.244.1.5"
    manifest_sts db 1
    ovnk_pod db-0 uid-2 sts/db "default primary 10.244.2.5"
    ovnk_pod udn uid-3 rs/udn "default infrastructure-locked 10.244.1.6" "default/blue primary 10.3.0.5"
    manifest_end
    ovnk_port node1 web uid-1 10.244.1.5
    ovnk_port node2 db-0 uid-2 10.244.2.5
    ovnk_port node1 udn uid-3 10.244.1.6
    check ovn-nbctl ls-add blue_ovn_layer2_switch \
        -- set Logical_Switch blue_ovn_layer2_switch external_ids:'"k8s.ovn.org/network"'=blue external_ids:'"k8s.ovn.org/topology"'=layer2
    ovnk_port blue_ovn_layer2_switch udn uid-3 10.3.0.5 default/blue blue layer2
    # Services, egress, address sets and port groups.
    check ovn-nbctl lb-add Service_default/web_TCP_cluster 10.96.0.10:80 10.244.1.5:80 \
        -- set Load_Balancer Service_default/web_TCP_cluster external_ids:'"k8s.ovn.org/kind"'=Service external_ids:'"k8s.ovn.org/owner"'=default/web \
        -- ls-lb-add node1 Service_default/web_TCP_cluster \
        -- lr-nat-add GR_node1 snat 172.18.0.50 10.244.2.5 \
        -- pg-add a1000 default_web default_db-0 \
        -- create Address_Set name=a2000 addresses='"10.244.1.5"' external_ids:'"k8s.ovn.org/id"'=default:Namespace:default:v4
}
