#include "store/sandbox_row.h"

static const struct column columns[] = {
	SANDBOX_COLUMNS(SANDBOX_COLUMN, SANDBOX_COLUMN)};
const struct record sandbox_record = RECORD(columns);

void
sandbox_row_states(struct cell *cells, unsigned states)
{
	size_t n = 0;

	for (int i = 0; i < SANDBOX_STATE_COUNT; i++) {
		if (states & (1u << i))
			cells[n++] = cell_text(
				sandbox_state_name((enum sandbox_state)i));
	}
	while (n < STATE_SLOTS)
		cells[n++] = cell_text(""); /* no state's name */
}
