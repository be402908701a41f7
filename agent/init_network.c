#include "init.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/route.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "auto.h"
#include "err.h"
#include "log.h"

/* The same in every guest: a clone's network is right before it wakes. */
#define DEVICE "eth0"
#define ADDRESS "172.30.0.2"
#define NETMASK "255.255.255.252"
#define GATEWAY "172.30.0.1"
#define RESOLV_CONF "/etc/resolv.conf"

static struct sockaddr
ip(const char *text)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr out;

	inet_pton(AF_INET, text, &in.sin_addr);
	memcpy(&out, &in, sizeof(out));
	return out;
}

static int
add_default_route(int fd, struct err *e)
{
	static char device[] = DEVICE;
	struct rtentry r = {.rt_dst = ip("0.0.0.0"),
			    .rt_genmask = ip("0.0.0.0"),
			    .rt_gateway = ip(GATEWAY),
			    .rt_flags = RTF_UP | RTF_GATEWAY,
			    .rt_dev = device};

	if (ioctl(fd, SIOCADDRT, &r) < 0)
		return err_errno(e, "add default route");
	return 0;
}

static int
configure(int fd, struct err *e)
{
	struct ifreq addr = {.ifr_name = DEVICE, .ifr_addr = ip(ADDRESS)};
	struct ifreq mask = {.ifr_name = DEVICE, .ifr_netmask = ip(NETMASK)};
	struct ifreq up = {.ifr_name = DEVICE, .ifr_flags = IFF_UP};

	if (ioctl(fd, SIOCSIFADDR, &addr) < 0 ||
	    ioctl(fd, SIOCSIFNETMASK, &mask) < 0 ||
	    ioctl(fd, SIOCSIFFLAGS, &up) < 0)
		return err_errno(e, "configure " DEVICE);
	return add_default_route(fd, e);
}

/* Anew, since it may be a link to what a resolver manager would have made. */
static void
name_resolver(void)
{
	static const char text[] = "nameserver " GATEWAY "\n";
	auto_close int fd = -1;

	unlink(RESOLV_CONF);
	fd = open(RESOLV_CONF, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
		log_warn("cannot write " RESOLV_CONF, "error", strerror(errno));
}

int
init_network(struct err *e)
{
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(e, "network");
	if (if_nametoindex(DEVICE) == 0)
		return 0;
	if (configure(fd, e) < 0)
		return -1;
	name_resolver();
	return 0;
}
