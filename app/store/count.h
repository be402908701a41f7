/* Statements that answer one number. Only app/store includes this. */
#pragma once

#include <stdint.h>

#include "store/stmt.h"

int count_rows(struct store *s, enum stmt_id id, int64_t *out, struct err *e);
