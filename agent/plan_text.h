/* What a plan shows of a command's output: bounded, UTF-8, without secrets. */
#pragma once

#include <stddef.h>

struct buf;
struct exec_output;

#define PLAN_SECRET_MAX 1024 /* bytes; longer ones are refused before */

/*
 * Appends at most CHANNEL_PLAN_OUTPUT_MAX bytes of text, before it is made
 * UTF-8: all of it, or its start and its end. Where `secret` (NULL: none)
 * stood, also percent-encoded or within the base64 of HTTP authentication, are
 * three stars. 0 or -1 (no memory).
 */
int plan_text_add(struct buf *b, const struct exec_output *o,
		  const char *secret);

/* The part of it that needs no output: replaces every form of `secret` in
 * n bytes of text. 0 or -1. */
int plan_text_scrub(struct buf *out, const char *text, size_t n,
		    const char *secret);
