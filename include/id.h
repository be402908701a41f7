/* Identifiers: a prefix and 16 of [a-z0-9], e.g. cage-0123456789abcdef. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define ID_RANDOM_LEN 16
#define ID_SIZE 24 /* longest prefix "alert-" + 16 + NUL, rounded up */

#define ID_SANDBOX "cage-"
#define ID_EXEC "exec-"
#define ID_KEY "key-"
#define ID_ACCOUNT "acct-"

/* Fresh from getrandom(2); 82 bits. Aborts when the kernel gives no bytes. */
void id_make(char out[ID_SIZE], const char *prefix);
bool id_valid(const char *id, const char *prefix);

/* n bytes from getrandom(2). Aborts when the kernel gives none. */
void random_bytes(void *out, size_t n);
