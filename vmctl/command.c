#include "command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto.h"
#include "conf.h"
#include "doctor.h"
#include "err.h"
#include "field.h"
#include "vmctl_client.h"

/* The daemon's client, or an end of the program. */
static struct vmctl *
new_client(const struct conf *c)
{
	struct vmctl *v = vmctl_new(c->vmctl_socket);

	if (v)
		return v;
	fprintf(stderr, "vmctl: out of memory\n");
	exit(1);
}

static void
free_client(struct vmctl **v)
{
	vmctl_free(*v);
}

#define auto_client __attribute__((cleanup(free_client)))

int
command_usage(void)
{
	fprintf(stderr,
		"usage: vmctl [-c FILE] [COMMAND]\n"
		"  serve            the daemon (the default)\n"
		"  list             the VMs of this host\n"
		"  stat ID          one VM, as JSON\n"
		"  destroy ID       destroys a VM, whatever its state\n"
		"  doctor [--json]  what is wrong here, and what to do\n");
	return 2;
}

static int
failed(const struct err *e)
{
	fprintf(stderr, "vmctl: %s: %s\n", err_name(e->code), e->msg);
	return 1;
}

static int
print_vm(void *arg, const struct vmctl_vm *vm)
{
	(void)arg;
	printf("%s  %-10s %7" PRId64 " %6" PRId64 "  %-4s %6" PRId64
	       " MiB  %s\n",
	       vm->sandbox, vm->state, vm->pid, vm->uid,
	       vm->has_accel ? vm->accel : "-",
	       vm->has_rss_bytes ? vm->rss_bytes >> 20 : 0,
	       vm->has_exit_cause ? vm->exit_cause : "");
	return 0;
}

int
command_list(const struct conf *c, int argc, char **argv)
{
	auto_client struct vmctl *v = new_client(c);
	struct err e;

	(void)argv;
	if (argc != 1)
		return command_usage();
	return vmctl_list(v, print_vm, NULL, &e) == 0 ? 0 : failed(&e);
}

int
command_stat(const struct conf *c, int argc, char **argv)
{
	auto_client struct vmctl *v = new_client(c);
	auto_json json_t *obj = NULL;
	auto_free char *text = NULL;
	struct vmctl_vm vm;
	struct err e;

	if (argc != 2)
		return command_usage();
	if (vmctl_stat(v, argv[1], &vm, &e) < 0)
		return failed(&e);
	obj = field_write(&vmctl_vm_fields, &vm);
	text = obj ? json_text(obj) : NULL;
	if (!text)
		return 1;
	puts(text);
	return 0;
}

int
command_destroy(const struct conf *c, int argc, char **argv)
{
	auto_client struct vmctl *v = new_client(c);
	struct vmctl_destroy_args a = {.has_sandbox = true, .has_op_id = true};
	struct vmctl_vm vm;
	struct err e;

	if (argc != 2)
		return command_usage();
	if (vmctl_stat(v, argv[1], &vm, &e) < 0)
		return failed(&e);
	/* Above everything that was asked for: nothing older can follow. */
	a.sandbox = argv[1];
	a.op_id = vm.op_id + 1;
	return vmctl_destroy(v, &a, &e) < 0 ? failed(&e) : 0;
}

int
command_doctor(const struct conf *c, int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;

	if (argc > 2 || (argc == 2 && !json))
		return command_usage();
	return doctor_run(c, json);
}
