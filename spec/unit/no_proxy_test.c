#include "no_proxy.h"

#include <string.h>

#include "check.h"

static void check_split(const char *text, const char *wanted_hosts, const char *wanted_ports)
{
    char hosts[128], ports[128];
    slk_no_proxy_split(text, hosts, ports);
    CHECK(strcmp(hosts, wanted_hosts) == 0);
    CHECK(strcmp(ports, wanted_ports) == 0);
}

static void splits_hosts_from_those_of_one_port(void)
{
    check_split("", "", "");
    check_split(" , ,\t", "", "");
    check_split("*", "*", "");
    check_split("a.test, .b.test  c.test,", "a.test,.b.test,c.test", "");
    check_split("*.a.test,*", ".a.test,*", "");
    check_split("a.test:443,b.test,*.c.test:8443", "b.test", "a.test:443,.c.test:8443");
    check_split("::1,[::1]:443,[::1],10.0.0.0/8", "::1,[::1],10.0.0.0/8", "[::1]:443");
    check_split("a.test:,a.test:http,:1:2", "a.test:,a.test:http,:1:2", "");
    check_split("[", "[", "");
}

static void finds_a_host_on_its_port(void)
{
    const char *ports = "a.test:443,.b.test:8443,C.test:1,[::1]:443,:80,a.test:444";
    CHECK(slk_no_proxy_has(ports, "a.test", 443));
    CHECK(slk_no_proxy_has(ports, "a.test", 444));
    CHECK(!slk_no_proxy_has(ports, "a.test", 8443));
    CHECK(slk_no_proxy_has(ports, "x.a.test", 443));
    CHECK(!slk_no_proxy_has(ports, "xa.test", 443));
    CHECK(!slk_no_proxy_has(ports, "a.test.x", 443));
    CHECK(!slk_no_proxy_has(ports, "test", 443));
    CHECK(slk_no_proxy_has(ports, "b.test", 8443));
    CHECK(slk_no_proxy_has(ports, "x.y.b.test", 8443));
    CHECK(slk_no_proxy_has(ports, "c.test", 1));
    CHECK(slk_no_proxy_has(ports, "[::1]", 443));
    CHECK(!slk_no_proxy_has(ports, "anything", 80));
    CHECK(!slk_no_proxy_has("", "a.test", 443));
}

int main(void)
{
    splits_hosts_from_those_of_one_port();
    finds_a_host_on_its_port();
    return 0;
}
