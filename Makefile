# Builds every program of Caged into build/<variant>/bin. `make help` lists the targets.
#
# VARIANT=dev      warnings are errors (default)
# VARIANT=asan     with AddressSanitizer and UndefinedBehaviorSanitizer
# VARIANT=tsan     with ThreadSanitizer
# VARIANT=release  hardened and optimised

VARIANT ?= dev
V ?= 0

B := build/$(VARIANT)
O := $(B)/obj
BIN := $(B)/bin
Q := $(if $(filter 0,$(V)),@,)

CC ?= cc
AR ?= ar
PKG_CONFIG ?= pkg-config

WARN := -Wall -Wextra -Wformat=2 -Wconversion -Wno-sign-conversion -Wshadow \
	-Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wcast-qual \
	-Wwrite-strings
HARDEN := -fstack-protector-strong -fstack-clash-protection \
	-fcf-protection -ftrivial-auto-var-init=zero
LDHARDEN := -Wl,-z,relro,-z,now,-z,noexecstack

CFLAGS_dev := -O2 -g -Werror $(HARDEN)
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=3 $(HARDEN)
CFLAGS_asan := -O1 -g -Werror -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=undefined
CFLAGS_tsan := -O1 -g -Werror -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread

CPPFLAGS += -D_GNU_SOURCE -Iinclude -Iapp -MMD -MP
CFLAGS_ALL := -std=gnu17 $(WARN) $(CFLAGS_$(VARIANT)) $(CFLAGS)
LDFLAGS_ALL := $(LDFLAGS_$(VARIANT)) $(LDFLAGS)

JANSSON_LIBS := -ljansson
APP_PKGS := libmariadb libjwt libevent libevent_pthreads libcrypto libzstd
APP_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(APP_PKGS))
APP_LIBS = $(shell $(PKG_CONFIG) --libs $(APP_PKGS)) -lfcgi -lhttp_parser $(JANSSON_LIBS) -lpthread
VMCTL_LIBS = $(JANSSON_LIBS) -lcap

# A room is a folder of sources; all but its main.c go into lib<room>.a.
ROOMS := common app/model app/store app/api app/gateway app/keeper app/admin vmctl
src = $(wildcard $(1)/*.c)
obj = $(patsubst %.c,$(O)/%.o,$(1))
lib = $(B)/lib/lib$(notdir $(1)).a

APP_LIB := $(call lib,store) $(call lib,model) $(call lib,common)
PROGRAMS := caged-api caged-gateway caged-keeper caged-admin vmctl caged-agent

.DELETE_ON_ERROR:
.PHONY: all help run stop test bench unit fuzz clean format format-check lint

all: $(addprefix $(BIN)/,$(PROGRAMS)) ## build every program

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

run: ## set up, start the stack and do the main job
	./scripts/run
stop: ## stop the stack that `make run` started
	./scripts/run stop
test: ## every test
	./scripts/test
bench: ## measure; writes docs/benchmarks.md
	./scripts/bench
clean: ## remove what was compiled; caches and state stay
	rm -rf build/dev build/asan build/tsan build/release build/fuzz

# Programs that run on the host are position-independent.
$(O)/%.o: %.c
	$(Q)mkdir -p $(@D)
	@echo "  CC      $<"
	$(Q)$(CC) $(CPPFLAGS) $(if $(filter app/% tests/%,$<),$(APP_CFLAGS)) -fPIE $(CFLAGS_ALL) -c -o $@ $<

define room_lib
$(call lib,$(1)): $(call obj,$(filter-out %/main.c,$(call src,$(1))))
	$$(Q)mkdir -p $$(@D) && rm -f $$@
	$$(Q)$$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_lib,$(r))))

define link
	$(Q)mkdir -p $(@D)
	@echo "  LINK    $@"
	$(Q)$(CC) $(CFLAGS_ALL) -pie $(LDFLAGS_ALL) $(LDHARDEN) -o $@ $(1)
endef

$(BIN)/caged-%: $(O)/app/%/main.o $(B)/lib/lib%.a $(APP_LIB)
	$(call link,$^ $(APP_LIBS))
$(BIN)/vmctl: $(O)/vmctl/main.o $(call lib,vmctl) $(call lib,common)
	$(call link,$^ $(VMCTL_LIBS))

# The agent runs as PID 1 of a guest without libraries: static, never sanitised.
AGENT_CFLAGS := -std=gnu17 $(WARN) -Werror -O2 -g -D_FORTIFY_SOURCE=2 $(HARDEN)
AO := build/guest/obj
agent_obj := $(patsubst %.c,$(AO)/%.o,$(call src,agent) $(call src,common))
$(AO)/%.o: %.c
	$(Q)mkdir -p $(@D)
	@echo "  CC      $< (guest)"
	$(Q)$(CC) $(CPPFLAGS) -fPIE $(AGENT_CFLAGS) -c -o $@ $<
build/guest/libcommon.a: $(filter $(AO)/common/%,$(agent_obj))
	$(Q)rm -f $@ && $(AR) rcs $@ $^
build/guest/caged-agent: $(filter $(AO)/agent/%,$(agent_obj)) build/guest/libcommon.a
	@echo "  LINK    $@"
	$(Q)$(CC) $(AGENT_CFLAGS) -static-pie $(LDHARDEN) -o $@ $^ $(JANSSON_LIBS)
$(BIN)/caged-agent: build/guest/caged-agent
	$(Q)mkdir -p $(@D) && cp $< $@

# C tests: tests/unit/test_<room>_<noun>.c links the room's library; those in
# tests/live want a database, which the integration tests start for them.
unit_bin := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
live_bin := $(patsubst tests/live/%.c,$(B)/tests/%,$(wildcard tests/live/test_*.c))
room_of = $(word 2,$(subst _, ,$(notdir $(1))))
unit_libs_common = $(call lib,common)
unit_libs_vmctl = $(call lib,vmctl) $(call lib,common)
unit_libs_agent = $(call lib,agent) $(call lib,common)
unit_libs_model = $(call lib,model) $(call lib,common)
unit_libs_store = $(APP_LIB)
unit_libs_api = $(call lib,api) $(APP_LIB)
unit_libs_gateway = $(call lib,gateway) $(APP_LIB)
unit_libs_keeper = $(call lib,keeper) $(APP_LIB)
unit_libs_admin = $(call lib,admin) $(APP_LIB)
$(eval $(call room_lib,agent))

define test_rule
$(B)/tests/$(1): $(O)/tests/$(2)/$(1).o $(unit_libs_$(call room_of,$(1)))
	$$(call link,$$^ $$(if $$(filter common vmctl agent,$(call room_of,$(1))),$$(VMCTL_LIBS),$$(APP_LIBS)) -lcmocka)
endef
$(foreach t,$(notdir $(unit_bin)),$(eval $(call test_rule,$(t),unit)))
$(foreach t,$(notdir $(live_bin)),$(eval $(call test_rule,$(t),live)))

unit: $(unit_bin) ## build and run the unit tests (make unit VARIANT=asan)
	$(Q)./scripts/lib/unit $(unit_bin)

# Measurements of single parts: tests/bench/bench_<room>_<noun>.c.
$(B)/tests/bench_vmctl_%: $(O)/tests/bench/bench_vmctl_%.o $(call lib,vmctl) $(call lib,common)
	$(call link,$^ $(VMCTL_LIBS))

# Fuzz targets: tests/fuzz/fuzz_<room>_<noun>.c, clang's libFuzzer.
FUZZ_CC ?= clang
FO := build/fuzz/obj
FUZZ_CFLAGS := -std=gnu17 -O1 -g -fsanitize=address,undefined,fuzzer-no-link \
	-fno-sanitize-recover=undefined
fuzz_bin := $(patsubst tests/fuzz/%.c,build/fuzz/bin/%,$(wildcard tests/fuzz/fuzz_*.c))
$(FO)/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(CPPFLAGS) $(if $(filter app/% tests/%,$<),$(APP_CFLAGS)) $(FUZZ_CFLAGS) -c -o $@ $<
fuzz_room = $(word 2,$(subst _, ,$(notdir $(1))))
fuzz_src_common =
fuzz_src_vmctl = $(filter-out %/main.c,$(call src,vmctl))
fuzz_src_agent = $(filter-out %/main.c,$(call src,agent))
fuzz_src_model = $(call src,app/model)
fuzz_src_gateway = $(call src,app/model) $(call src,app/store) $(filter-out %/main.c,$(call src,app/gateway))
fuzz_src_api = $(call src,app/model) $(call src,app/store) $(filter-out %/main.c,$(call src,app/api))
define fuzz_rule
build/fuzz/bin/$(1): $(FO)/tests/fuzz/$(1).o $(patsubst %.c,$(FO)/%.o,$(fuzz_src_$(call fuzz_room,$(1))) $(call src,common))
	$$(Q)mkdir -p $$(@D)
	@echo "  FUZZ    $$@"
	$$(Q)$$(FUZZ_CC) -fsanitize=address,undefined,fuzzer -o $$@ $$^ $$(if $$(filter common vmctl agent,$(call fuzz_room,$(1))),$$(VMCTL_LIBS),$$(APP_LIBS))
endef
$(foreach t,$(notdir $(fuzz_bin)),$(eval $(call fuzz_rule,$(t))))
fuzz: $(fuzz_bin) ## build the fuzz targets into build/fuzz/bin

C_FILES = $(wildcard include/*.h common/*.[ch] app/*/*.[ch] vmctl/*.[ch] agent/*.[ch] tests/unit/*.[ch] tests/live/*.[ch] tests/fuzz/*.[ch] tests/support/*.[ch] tests/bench/*.[ch])
format: ## format the C sources
	clang-format-14 -i $(C_FILES)
format-check: ## fail when a C source is not formatted
	clang-format-14 --dry-run --Werror $(C_FILES)
lint: ## cppcheck and clang-tidy
	./scripts/lint

-include $(shell find $(O) $(AO) $(FO) -name '*.d' 2>/dev/null)
