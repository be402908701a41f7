/* Copies files without reading what they hold into this process. */
#pragma once

struct err;

/* A reflink where the file system has them, else the data between the holes.
 * `to` is an empty file; it gets the same size. */
int copy_sparse(int from, int to, struct err *e);
