/* The state file's parser: whatever it takes it must write and take again. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "buf.h"
#include "err.h"

#include "../../vmctl/vm_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf struct buf once, twice;
	struct vm_state st;
	struct err e;

	buf_init(&once, VM_STATE_FILE_MAX);
	buf_init(&twice, VM_STATE_FILE_MAX);
	if (vm_state_parse((const char *)data, size, &st, &e) < 0)
		return 0;
	assert(st.uid == 0 || st.uid >= VM_UID_MIN);
	assert(st.state < VMCTL_STATE_COUNT && st.op <= VMCTL_OP_COUNT);
	if (vm_state_print(&st, &once, &e) < 0)
		return 0; /* escapes made it longer than a file may be */
	assert(vm_state_parse(buf_str(&once), once.len, &st, &e) == 0);
	assert(vm_state_print(&st, &twice, &e) == 0);
	assert(strcmp(buf_str(&once), buf_str(&twice)) == 0);
	return 0;
}
