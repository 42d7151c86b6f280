# GNU make.  The targets a person types: all check lint bench demo soak fuzz faults model coverage deb install
# uninstall clean.
# Settings come from the environment or the command line, never from an edit:
#   make CFLAGS='-O0 -g' SANITIZE=address,undefined O=build/asan check
#   make STATIC=1       the tools that look up no user names need no library, and start faster

VERSION = 0.1.0
O       = build

PREFIX  = /usr/local
BINDIR  = $(PREFIX)/bin
MANDIR  = $(PREFIX)/share/man
BASHDIR = $(PREFIX)/share/bash-completion/completions
ZSHDIR  = $(PREFIX)/share/zsh/site-functions
FISHDIR = $(PREFIX)/share/fish/vendor_completions.d
INSTALL = install

CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
           -Wold-style-definition -Wwrite-strings -Wformat=2 -Wvla -Wcast-qual -Wundef \
           -Wno-missing-field-initializers
HARDEN   = -fPIE -fstack-protector-strong -fstack-clash-protection $(cet) $(dense)
needed   = -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -iquote lib -DVERSION='"$(VERSION)"' -MMD -MP \
          -ffunction-sections -fdata-sections
link     = -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -Wl,--gc-sections -Wl,--spare-dynamic-tags=0 -Wl,--hash-style=gnu -pthread
# Linked in: loading a library that most runs do not need would cost them more.
jansson  = -Wl,-Bstatic -ljansson -Wl,-Bdynamic
dynamic  = -pie
# -static-pie together with -pie or -Bdynamic would link dynamically without a word.
static   = -static-pie -Wl,-T,lib/start.ld

ifdef SANITIZE
needed  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
link    += -fsanitize=$(SANITIZE)
else
needed  += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifdef COVERAGE
needed  += --coverage -fprofile-update=atomic
# A process that ends by one of these would take what it has counted with it.
link    += --coverage $(patsubst %,-Wl$(comma)--wrap=%,_exit _Exit execvp execvpe raise)
covered  = $O/tests/coverage/flush.o
endif
# What relocation writes to fits into a page more often: tables without gaps, no room kept for a prelinker.
dense := $(shell $(CC) -malign-data=abi -E -x c /dev/null >/dev/null 2>&1 && echo -malign-data=abi)
cet := $(shell $(CC) -fcf-protection -E -x c /dev/null >/dev/null 2>&1 && echo -fcf-protection)

comma       := ,
commands    := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
binaries    := $(commands:%=$O/%)
library     := $O/lib.a
lib_objects := $(patsubst %.c,$O/%.o,$(wildcard lib/*.c))
manuals     := $(wildcard man/*.[1-9])
fuzzers     := $(patsubst tests/fuzz/%.c,$O/fuzz/%,$(wildcard tests/fuzz/*.c))

all: $(binaries)

# With STATIC, a tool that refers to the C library's users and groups stays dynamic: they come out of
# libraries that it loads, of the very version it was built with.
$(binaries): $O/%: $O/cmd/%.o $(covered) $(library) $O/settings.link lib/start.ld
	@echo '  LD $@'
	@$(CC) $(CFLAGS) $(HARDEN) $(link) $(dynamic) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(jansson) $(LDLIBS)
ifdef STATIC
	@nm -D --undefined-only $@ | grep -qE ' (get(pw|gr)|initgroups|dlopen)' || \
		$(CC) $(CFLAGS) $(HARDEN) $(link) $(static) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -ljansson $(LDLIBS)
endif

$(library): $(lib_objects)
	@echo '  AR $@'
	@rm -f $@
	@$(AR) rcs $@ $^

$O/%.o: %.c Makefile $O/settings.compile
	@mkdir -p $(@D)
	@echo '  CC $@'
	@$(CC) $(needed) $(WARNINGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# What was compiled or linked in another way is done again: these files only change when that does.
settings.compile = $(CC) $(needed) $(WARNINGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS)
settings.link    = $(CC) $(CFLAGS) $(HARDEN) $(link) $(LDFLAGS) $(jansson) $(LDLIBS) $(STATIC)
$O/settings.compile $O/settings.link: now
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$($(@F)))' | cmp -s - $@ || printf '%s\n' '$(subst ','\'',$($(@F)))' >$@

-include $(wildcard $O/*/*.d $O/fuzz/*/*.d)

check: all
	BIN=$(abspath $O) tests/run

soak: all
	BIN=$(abspath $O) SOAK=1 tests/run

bench: all
	tests/bench/peers
	BIN=$(abspath $O) tests/bench/run

# The table of the last run goes into the README.
bench-readme:
	tests/bench/readme $O/bench/bench.json README.md

demo: all
	BIN=$(abspath $O) tests/world tests/demo

# Seconds that each target is fuzzed for; FUZZ_SEED=0 lets libFuzzer choose.
FUZZ_TIME = 20
FUZZ_SEED = 1
fuzz: $(fuzzers:$O/fuzz/%=run-%)

$(fuzzers:$O/fuzz/%=run-%): run-%: $O/fuzz/%
	@mkdir -p $O/corpus/$*
	$< -max_total_time=$(FUZZ_TIME) -seed=$(FUZZ_SEED) -max_len=4096 -print_final_stats=1 \
		$O/corpus/$* $(wildcard tests/fuzz/corpus/$*)

fuzzed := $(patsubst %.c,$O/fuzz/%.o,$(wildcard lib/*.c))
fuzz_flags = -std=gnu17 -D_GNU_SOURCE -iquote lib -g -O1 -fno-sanitize-recover=all -MMD -MP

$O/fuzz/lib/%.o: lib/%.c Makefile
	@mkdir -p $(@D)
	@echo '  CC $@'
	@clang $(fuzz_flags) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$O/fuzz/lib.a: $(fuzzed)
	@rm -f $@
	@$(AR) rcs $@ $^

$(fuzzers): $O/fuzz/%: tests/fuzz/%.c $O/fuzz/lib.a
	clang $(fuzz_flags) -fsanitize=fuzzer,address,undefined -o $@ $(filter-out %.h,$^) -ljansson -pthread

# Which lines and branches of lib and cmd the suites run through: $O/coverage/summary.txt, index.html.
coverage:
	tests/coverage/run $O/coverage $(SUITES)

deb:
	tests/package/build $O/deb $(VERSION)

# All of the fault campaign; "make check" runs a sample.
faults: all
	BIN=$(abspath $O) tests/faults/run

model:
	tests/model/run

lint:
	tests/lint

install: all
	$(INSTALL) -d $(addprefix $(DESTDIR),$(BINDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR))
	$(INSTALL) -m 755 $(binaries) $(DESTDIR)$(BINDIR)
	for m in $(manuals); do \
		$(INSTALL) -d $(DESTDIR)$(MANDIR)/man$${m##*.} && \
		$(INSTALL) -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.} || exit; done
	$(INSTALL) -m 644 $(wildcard completions/bash/*) $(DESTDIR)$(BASHDIR)
	$(INSTALL) -m 644 $(wildcard completions/zsh/*) $(DESTDIR)$(ZSHDIR)
	$(INSTALL) -m 644 $(wildcard completions/fish/*) $(DESTDIR)$(FISHDIR)

uninstall:
	rm -f $(commands:%=$(DESTDIR)$(BINDIR)/%)
	for m in $(notdir $(manuals)); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done
	rm -f $(addprefix $(DESTDIR)$(BASHDIR)/,$(notdir $(wildcard completions/bash/*)))
	rm -f $(addprefix $(DESTDIR)$(ZSHDIR)/,$(notdir $(wildcard completions/zsh/*)))
	rm -f $(addprefix $(DESTDIR)$(FISHDIR)/,$(notdir $(wildcard completions/fish/*)))

clean:
	rm -rf $O

.PHONY: all check soak bench bench-readme demo fuzz faults model coverage deb lint install uninstall clean now $(fuzzers:$O/fuzz/%=run-%)
.DELETE_ON_ERROR:
.SUFFIXES:
