#include "jailroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auto.h"
#include "copy.h"
#include "err.h"
#include "run.h"
#include "text.h"

#define LOADER "/lib64/ld-linux-x86-64.so.2"
#define MODULE JAILROOT_MODULES "/accel-tcg-x86_64.so"
#define FILES_MAX 256
#define LIST_MAX 32768
#define LIST_MS 5000

/* What each holds besides its program and libraries. The device is a node of
 * our own, since the host's may be closed to the VMs' uids; it works only where
 * the jail is mounted with devices. */
static const struct {
	const char *program;
	const char *file;   /* or NULL */
	const char *module; /* or NULL; left out where it is built in */
	const char *device;
} kinds[JAILROOT_COUNT] = {
	[JAILROOT_VMM] = {JAILROOT_QEMU, JAILROOT_FIRMWARE, MODULE, "/dev/kvm"},
	[JAILROOT_RESOLVER] = {JAILROOT_RESOLVER_PROGRAM, NULL, NULL,
			       "/dev/urandom"},
};

struct files {
	char text[2][LIST_MAX];	     /* what the loader printed */
	const char *path[FILES_MAX]; /* constants and pointers into text */
	size_t count;
	const char *device;
};

static int
add(struct files *f, const char *path, struct err *e)
{
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->path[i], path) == 0)
			return 0;
	}
	if (f->count == FILES_MAX)
		return err_set(e, ERR_INTERNAL, "it needs too many libraries");
	f->path[f->count++] = path;
	return 0;
}

/* The loader, asked instead of ldd(1): it lists the libraries of a program
 * without running it, one `name => /path (address)` a line. */
static int
add_libraries(struct files *f, const char *program, char *text, struct err *e)
{
	const char *const argv[] = {LOADER, "--list", program, NULL};
	char *line, *rest = text;

	if (run_program(argv, -1, text, LIST_MAX, LIST_MS, e) < 0)
		return -1;
	while ((line = strsep(&rest, "\n"))) {
		char *path = strchr(line, '/');

		if (!path)
			continue;
		path[strcspn(path, " ")] = '\0';
		if (add(f, path, e) < 0)
			return -1;
	}
	return 0;
}

static int
list_files(struct files *f, enum jailroot_kind kind, struct err *e)
{
	const char *program = kinds[kind].program, *file = kinds[kind].file;
	const char *module = kinds[kind].module;

	f->count = 0;
	f->device = kinds[kind].device;
	if (add(f, program, e) < 0 || (file && add(f, file, e) < 0) ||
	    add_libraries(f, program, f->text[0], e) < 0)
		return -1;
	if (!module || access(module, R_OK) < 0)
		return 0;
	if (add(f, module, e) < 0)
		return -1;
	return add_libraries(f, module, f->text[1], e);
}

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3u; /* FNV-1a */
	return h;
}

/* 0: this host has none. */
static dev_t
device_number(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISCHR(s.st_mode) ? s.st_rdev : 0;
}

static int
identity(const struct files *f, uint64_t *out, struct err *e)
{
	uint64_t h = 0xcbf29ce484222325u;
	dev_t device = device_number(f->device);

	h = mix(h, &device, sizeof(device));
	for (size_t i = 0; i < f->count; i++) {
		struct stat s;

		if (stat(f->path[i], &s) < 0)
			return err_errno(e, "%s", f->path[i]);
		h = mix(h, f->path[i], strlen(f->path[i]) + 1);
		h = mix(h, &s.st_ino, sizeof(s.st_ino));
		h = mix(h, &s.st_size, sizeof(s.st_size));
		h = mix(h, &s.st_mtim, sizeof(s.st_mtim));
	}
	*out = h;
	return 0;
}

static int
make_parents(const char *root, const char *path, struct err *e)
{
	char full[JAILROOT_PATH_MAX + 512];
	size_t start = strlen(root) + 1;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = strchr(full + start, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			return err_errno(e, "make folder %s", full);
		*p = '/';
	}
	return 0;
}

static int
make_file(const char *root, const char *path, mode_t mode, struct err *e)
{
	char full[JAILROOT_PATH_MAX + 512];
	int fd;

	if (make_parents(root, path, e) < 0)
		return -1;
	snprintf(full, sizeof(full), "%s%s", root, path);
	fd = open(full, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, mode) < 0)
		return err_errno(e, "make %s", full);
	return fd;
}

static int
copy_one(const char *root, const char *path, struct err *e)
{
	auto_close int from = open(path, O_RDONLY | O_CLOEXEC);
	auto_close int to = -1;

	if (from < 0)
		return err_errno(e, "open %s", path);
	to = make_file(root, path, 0555, e);
	if (to < 0 || copy_sparse(from, to, e) < 0)
		return err_wrap(e, "copy %s", path);
	if (fsync(to) < 0)
		return err_errno(e, "write %s", path);
	return 0;
}

static int
make_device(const char *root, const char *path, struct err *e)
{
	char full[JAILROOT_PATH_MAX + 512];
	dev_t device = device_number(path);

	if (make_parents(root, path, e) < 0)
		return -1;
	snprintf(full, sizeof(full), "%s%s", root, path);
	if (device != 0 && (mknod(full, S_IFCHR | 0666, device) < 0 ||
			    chmod(full, 0666) < 0)) /* the umask cut it */
		return err_errno(e, "make %s", full);
	return 0;
}

static int
fill(const char *root, const struct files *f, struct err *e)
{
	if (make_device(root, f->device, e) < 0 ||
	    make_parents(root, "/proc/", e) < 0)
		return -1;
	for (size_t i = 0; i < f->count; i++) {
		if (copy_one(root, f->path[i], e) < 0)
			return -1;
	}
	/* The umask took others' rights; "." must be reachable in the jail. */
	return chmod(root, 0755) < 0 ? err_errno(e, "chmod %s", root) : 0;
}

static int
remove_node(const char *path, const struct stat *s, int kind, struct FTW *ftw)
{
	(void)s;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void
remove_tree(const char *path)
{
	nftw(path, remove_node, 16, FTW_DEPTH | FTW_PHYS);
}

int
jailroot_prepare(const char *vm_dir, enum jailroot_kind kind,
		 char out[JAILROOT_PATH_MAX], struct err *e)
{
	char fresh[JAILROOT_PATH_MAX], final[JAILROOT_PATH_MAX];
	struct files f;
	uint64_t key = 0;
	mode_t mask;
	int rc;

	if (list_files(&f, kind, e) < 0 || identity(&f, &key, e) < 0)
		return err_wrap(e, "jail root");
	snprintf(fresh, sizeof(fresh), "%s/.jail", vm_dir);
	if (mkdir(fresh, 0700) < 0 && errno != EEXIST)
		return err_errno(e, "make %s", fresh);
	snprintf(final, sizeof(final), "%s/.jail/%016lx", vm_dir, key);
	snprintf(fresh, sizeof(fresh), "%s/.jail/new", vm_dir);
	if (access(final, F_OK) < 0) {
		remove_tree(fresh);
		mask = umask(0022);
		rc = mkdir(fresh, 0755) < 0 ? err_errno(e, "make %s", fresh)
					    : fill(fresh, &f, e);
		umask(mask);
		if (rc < 0)
			return err_wrap(e, "jail root");
		if (rename(fresh, final) < 0)
			return err_errno(e, "rename to %s", final);
	}
	text_copy(out, JAILROOT_PATH_MAX, final);
	return 0;
}

void
jailroot_prune(const char *vm_dir, const char (*current)[JAILROOT_PATH_MAX])
{
	char path[JAILROOT_PATH_MAX + 512];
	struct dirent *entry;
	DIR *d;

	snprintf(path, sizeof(path), "%s/.jail", vm_dir);
	d = opendir(path);
	while (d && (entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/.jail/%s", vm_dir,
			 entry->d_name);
		if (strcmp(path, current[JAILROOT_VMM]) != 0 &&
		    strcmp(path, current[JAILROOT_RESOLVER]) != 0)
			remove_tree(path);
	}
	if (d)
		closedir(d);
}
