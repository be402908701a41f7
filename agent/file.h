/* Jobs of workers: files of the guest, as its user. Records: channel.h. */
#pragma once

#include <jansson.h>

struct err;
struct worker_io;

int file_list_job(struct worker_io *io, const void *record, json_t **out_end,
		  struct err *e);
int file_read_job(struct worker_io *io, const void *record, json_t **out_end,
		  struct err *e);
int file_write_job(struct worker_io *io, const void *record, json_t **out_end,
		   struct err *e);
int file_delete_job(struct worker_io *io, const void *record, json_t **out_end,
		    struct err *e);
int file_mkdir_job(struct worker_io *io, const void *record, json_t **out_end,
		   struct err *e);
int file_move_job(struct worker_io *io, const void *record, json_t **out_end,
		  struct err *e);
