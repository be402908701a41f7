/* The error object: what failed, in words and as one row of errors.def. */
#pragma once

#include <stdbool.h>

enum err_code {
	ERR_NONE,
#define E(name, status, code, retryable, action) ERR_##name,
#include "errors.def"
#undef E
	ERR_COUNT
};

#define ERR_MSG_SIZE 512
#define ERR_FIELD_SIZE 64

/*
 * Filled by the function that fails, untouched on success. `field` names the
 * offending request field, or is empty. Nothing to free. Secrets never enter.
 */
struct err {
	enum err_code code;
	char msg[ERR_MSG_SIZE];
	char field[ERR_FIELD_SIZE];
};

/* Each returns -1, so that a caller can `return err_set(e, ...)`. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* As err_set with INVALID_REQUEST and the field's name. */
int err_field(struct err *e, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* INTERNAL: the formatted text, a colon, and strerror(errno). */
int err_errno(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Puts "text: " before the message that is there; keeps the code. */
int err_wrap(struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

int err_status(enum err_code code);	  /* HTTP status */
const char *err_name(enum err_code code); /* reason.code */
bool err_retryable(enum err_code code);
const char *err_action(enum err_code code);
const char *err_title(int status); /* "Not Found"; "Error" when unknown */
enum err_code err_from_name(const char *name); /* ERR_NONE when unknown */
/* As err_from_name, but only what errors.def lets a guest say. */
enum err_code err_from_guest(const char *name); /* else GUEST_MISBEHAVED */
