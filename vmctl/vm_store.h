/*
 * The folders of the VMs under conf.vm_dir, each root's alone (0700): the
 * state file, the overlay disk, the VMM's sockets. A tombstone is a folder
 * that holds a state file only. Every write of a state survives a power loss.
 */
#pragma once

struct buf;
struct err;
struct vm_state;

#define VM_STORE_STATE "state.json"
#define VM_STORE_DISK "disk.ext4"
#define VM_STORE_NAMES "allowlist"
#define VM_STORE_AGENT "agent.sock"
#define VM_STORE_QMP "qmp.sock"

/* Opens conf.vm_dir, making it 0700 when missing; it must be root's alone. */
int vm_store_open(const char *path, struct err *e);
/* The VM's folder as a descriptor; `make`: creates it. -1 and NOT_FOUND. */
int vm_store_folder(int dir_fd, const char *sandbox, int make, struct err *e);
/* Writes, fsyncs, renames, fsyncs the folder. Sets changed_us. */
int vm_store_write(int dir_fd, struct vm_state *st, struct err *e);
int vm_store_read(int dir_fd, const char *sandbox, struct vm_state *out,
		  struct err *e);
/* The names of its allowlist, one a line; none was written: "". To be written
 * before the state that needs them. */
int vm_store_write_names(int dir_fd, const char *sandbox, const char *names,
			 struct err *e);
int vm_store_read_names(int dir_fd, const char *sandbox, struct buf *out,
			struct err *e);
/* Removes everything in the folder but the state file. */
int vm_store_empty(int dir_fd, const char *sandbox, struct err *e);
/* Removes the folder; a missing one is fine. */
int vm_store_remove(int dir_fd, const char *sandbox, struct err *e);
