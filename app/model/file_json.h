/* Files of a guest as the API shows them. Names may hold any bytes. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct file_item;
struct git_file;

/* {name,path,type,size,mod_time,mode}; a path that is not UTF-8 is shown with
 * U+FFFD and gets "path_encoded", which ?path= takes. Owned by the caller;
 * NULL: no memory, or a path that is not percent-encoded. */
json_t *file_json_entry(const struct file_item *f);
/* {"status":"ok",path,size}: the answer of PUT, mkdir and move. */
json_t *file_json_written(const struct file_item *f);
/* {path,size,encoding,content}: the answer of GET content as JSON. */
json_t *file_json_content(const struct file_item *f, const void *data,
			  size_t len);
/* {path,status} of git/diff. */
json_t *file_json_git(const struct git_file *g);
/* {files,diff,staged_diff,truncated}; `files` is an array, its reference kept.
 */
json_t *file_json_diff(json_t *files, const void *diff, size_t diff_len,
		       const void *staged, size_t staged_len, bool truncated);
/* Bytes as a JSON string, malformed UTF-8 as U+FFFD. */
json_t *file_json_text(const void *data, size_t len);
