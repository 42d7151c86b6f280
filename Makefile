# GNU make.  The targets a person types: all check lint bench demo soak fuzz install uninstall clean.
# Settings come from the environment or the command line, never from an edit:
#   make CFLAGS='-O0 -g' SANITIZE=address,undefined O=build/asan check

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
HARDEN   = -fPIE -fstack-protector-strong -fstack-clash-protection $(cet)
needed   = -std=gnu17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Ilib -DVERSION='"$(VERSION)"' -MMD -MP
link     = -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed -pthread
# Linked in: loading a library that most runs do not need would cost them more.
jansson  = -Wl,-Bstatic -ljansson -Wl,-Bdynamic

ifdef SANITIZE
needed  += -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
link    += -fsanitize=$(SANITIZE)
else
needed  += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
cet := $(shell $(CC) -fcf-protection -E -x c /dev/null >/dev/null 2>&1 && echo -fcf-protection)

commands    := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
binaries    := $(commands:%=$O/%)
library     := $O/lib.a
lib_objects := $(patsubst %.c,$O/%.o,$(wildcard lib/*.c))
manuals     := $(wildcard man/*.[1-9])
fuzzers     := $(patsubst tests/fuzz/%.c,$O/fuzz/%,$(wildcard tests/fuzz/*.c))

all: $(binaries)

$(binaries): $O/%: $O/cmd/%.o $(library)
	@echo '  LD $@'
	@$(CC) $(CFLAGS) $(HARDEN) $(link) $(LDFLAGS) -o $@ $^ $(jansson) $(LDLIBS)

$(library): $(lib_objects)
	@echo '  AR $@'
	@rm -f $@
	@$(AR) rcs $@ $^

$O/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '  CC $@'
	@$(CC) $(needed) $(WARNINGS) $(HARDEN) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

-include $(wildcard $O/*/*.d)

check: all
	BIN=$(abspath $O) tests/run

soak: all
	BIN=$(abspath $O) SOAK=1 tests/run

bench: all
	BIN=$(abspath $O) tests/bench/run

demo: all
	BIN=$(abspath $O) tests/demo

# Seconds that each target is fuzzed for; FUZZ_SEED=0 lets libFuzzer choose.
FUZZ_TIME = 20
FUZZ_SEED = 1
fuzz: $(fuzzers)
	for f in $^; do \
		mkdir -p $O/corpus/$${f##*/} && $$f -max_total_time=$(FUZZ_TIME) -seed=$(FUZZ_SEED) \
			-max_len=4096 -print_final_stats=1 $O/corpus/$${f##*/} || exit; done

$(fuzzers): $O/fuzz/%: tests/fuzz/%.c $(wildcard lib/*.[ch])
	@mkdir -p $(@D)
	clang -std=gnu17 -D_GNU_SOURCE -Ilib -g -O1 -fsanitize=fuzzer,address,undefined \
		-fno-sanitize-recover=all -o $@ $< $(filter-out lib/cli%,$(wildcard lib/*.c)) -ljansson -pthread

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

.PHONY: all check soak bench demo fuzz lint install uninstall clean
.DELETE_ON_ERROR:
.SUFFIXES:
