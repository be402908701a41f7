/*
 * Encrypts a sandbox's plan (its environment) at rest: AES-256-GCM under the
 * key that api and gateway share, bound to the sandbox's id, so that a row
 * moved to another sandbox does not open.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

#define PLAN_KEY_SIZE 32
#define PLAN_OVERHEAD 29 /* version, nonce, tag */

/* Appends the sealed bytes. 0 or -1. */
int plan_crypt_seal(const uint8_t key[PLAN_KEY_SIZE], const char *sandbox,
		    const void *plain, size_t n, struct buf *out,
		    struct err *e);
/* Appends the plain bytes; nothing of them when the seal is broken. 0 or -1. */
int plan_crypt_open(const uint8_t key[PLAN_KEY_SIZE], const char *sandbox,
		    const void *sealed, size_t n, struct buf *out,
		    struct err *e);
