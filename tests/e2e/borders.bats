#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The borders between the parts, on what was built and on the sources. The lists are in tests/borders/.

setup_file() {
	export LC_ALL=C
}

setup() {
	cd "$BATS_TEST_DIRNAME/../.."
	shim=build/libtraceshim.so
	hot=build/obj/preload/hot
}

# --- helpers -----------------------------------------------------------------------------------------

# First field of each line of a list that is no comment.
list() { awk '!/^#/ && NF {print $1}' "tests/borders/$1"; }

exported() { nm -D --defined-only "$1" | awk '{print $NF}' | sed 's/@.*//' | sort -u; }
imported() { nm -D --undefined-only "$1" | awk '{print $NF}' | sed 's/@.*//' | sort -u; }
needed() { readelf -dW "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# is_empty WHAT TEXT: fails, and shows the text, unless there is none
is_empty() {
	[ -z "$2" ] || { printf '%s:\n%s\n' "$1" "$2"; return 1; }
}

# are_same WHAT EXPECTED FOUND
are_same() {
	[ "$2" = "$3" ] || { printf '%s:\n' "$1"; diff <(echo "$2") <(echo "$3"); return 1; }
}

# includes FILE...: "FILE HEADER", for "header" and <header>
includes() {
	awk '/^[ \t]*#[ \t]*include/ {
		header = $0
		sub(/^[^"<]*["<]/, "", header)
		sub(/[">].*/, "", header)
		print FILENAME, header
	}' "$@"
}

sources() { find "$@" -name '*.[chS]' | sort; }

# "FUNCTION INSTRUCTION OPERANDS" for each instruction of an object
disassembly() {
	objdump -d --no-show-raw-insn "$1" |
		awk '/^[0-9a-f]+ <.*>:$/ {name = substr($2, 2, length($2) - 3); next}
			/^ *[0-9a-f]+:/ {$1 = ""; sub(/#.*/, ""); print name $0}'
}

# An address or a size in hexadecimal.
hex() { echo $((16#$1)); }

# "START END", of a section
section() {
	local start bytes
	read -r start bytes < <(readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\]//' |
		awk -v name="$2" '$1 == name {print $3, $5}')
	echo "$(hex "$start") $(($(hex "$start") + $(hex "$bytes")))"
}

# Segments that can be written and executed, or a stack that can be executed.
bad_segments() {
	readelf -lW "$1" | awk '
		$1 == "LOAD" && /RWE/ {print}
		$1 == "GNU_STACK" {seen = 1; if (/E 0x/) print}
		END {if (!seen) print "no GNU_STACK: the stack can be executed"}'
}

# --- the linked shim ----------------------------------------------------------------------------------

@test "the shim needs libc and nothing else" {
	are_same "needed by $shim" libc.so.6 "$(needed $shim)"
}

@test "the shim exports what it stands in for, and nothing else" {
	are_same "exports of $shim" "$(list exports.txt)" "$(exported $shim)"
}

@test "the shim imports what is on the list" {
	is_empty "not in tests/borders/imports.txt" \
		"$(comm -13 <(list imports.txt | sort) <(imported $shim))"
}

@test "each list is in order and gives its reasons" {
	local file
	for file in exports imports hot_headers; do
		are_same "order of $file.txt" "$(list $file.txt | sort -u)" "$(list $file.txt)"
		is_empty "no reason in $file.txt" \
			"$(grep -v '^#' tests/borders/$file.txt | grep -Ev '^[^ ]+ +# .+')"
	done
}

@test "nothing makes a stack or a writable segment executable" {
	local file
	for file in $shim build/modules/*.so; do
		is_empty "segments of $file" "$(bad_segments "$file")"
	done
}

@test "the shim's code is the same in every process: no relocation in .text" {
	local start end offset found=
	is_empty "text relocations" "$(readelf -dW $shim | grep TEXTREL)"
	read -r start end < <(section $shim .text)
	[ "$end" -gt "$start" ]
	while read -r offset; do
		offset=$(hex "$offset")
		[ "$offset" -lt "$start" ] || [ "$offset" -ge "$end" ] || found+="$offset "
	done < <(readelf -rW $shim | awk '$3 ~ /^R_X86_64_/ {print $1}')
	is_empty "relocations in .text" "$found"
}

# --- hot/ ---------------------------------------------------------------------------------------------

@test "every file of hot/ includes hot.h, and last" {
	local file
	for file in preload/hot/*.c; do
		are_same "last include of $file" hot.h "$(includes "$file" | tail -1 | cut -d' ' -f2)"
	done
}

@test "hot/ includes its own headers and what the list allows" {
	local allowed
	allowed=$( (list hot_headers.txt; cd preload/hot && ls -- *.h) | sort)
	is_empty "not in tests/borders/hot_headers.txt" \
		"$(comm -13 <(echo "$allowed") <(includes preload/hot/* | cut -d' ' -f2 | sort -u))"
}

@test "hot/ calls nothing outside hot/" {
	local defined undefined
	[ "$(ls $hot/*.o | wc -l)" -eq "$(ls preload/hot/*.c preload/hot/*.S | wc -l)" ]
	defined=$(nm --defined-only $hot/*.o | awk 'NF == 3 {print $3}' | sort -u)
	undefined=$(nm --undefined-only $hot/*.o | awk '$1 == "U" || $1 == "w" {print $2}' | sort -u)
	is_empty "used by hot/ and not defined there" \
		"$(comm -13 <(echo "$defined") <(echo "$undefined") | grep -vx _GLOBAL_OFFSET_TABLE_)"
	is_empty "used across files without ts_" \
		"$(echo "$undefined" | grep -v '^ts_' | grep -vx _GLOBAL_OFFSET_TABLE_)"
}

# The vector pads save xmm0 to xmm7, and the slow path saves all state at once; strings are copied through two of them,
# by instructions that leave their upper halves and MXCSR alone. Nothing else may know that there are such registers.
@test "hot/ touches no vector, mask or x87 register" {
	local file found
	for file in $hot/*.o; do
		found=$(disassembly "$file" | grep -E '%([xyz]?mm|k)[0-9]|%st|^[^ ]+ (f|emms|vzero)' |
			grep -Ev '^ts_(return_)?pad_[ab](_entry)?_vector movups %xmm[0-7],' |
			grep -Ev '^ts_with_vectors fx(save|rstor)64 ' |
			grep -Ev '^ts_(plain_string|guarded_(vectors_start|vectors_end|give_up)) (movups|pminub|pxor|pcmpeqb|pmovmskb) .*%xmm[01]\b') || true
		is_empty "$file" "$found"
	done
}

@test "hot/ makes four system calls, and those of reads that are not guarded" {
	local file calls
	# a wake-up, a look at the alternate stack; the slow path's own stack
	declare -A allowed=([call]=1 [record]=1 [pads_x86_64]=2 [checked]=1)
	for file in $hot/*.o; do
		calls=$(disassembly "$file" | grep -cE ' (syscall|sysenter|int +\$0x80)') || true
		are_same "system calls in $file" "${allowed[$(basename "$file" .o)]:-0}" "$calls"
	done
}

# --- who includes whom --------------------------------------------------------------------------------

@test "runtime/ includes abi.h of preload/ and nothing else" {
	is_empty "includes in runtime/" \
		"$(includes $(sources runtime) | grep preload/ | grep -Ev ' ([./]*)preload/abi\.h$')"
	[ -n "$(includes $(sources runtime) | grep 'preload/abi\.h$')" ]
}

@test "preload/ includes nothing of runtime/" {
	is_empty "includes in preload/" "$(includes $(sources preload) | grep runtime/)"
}

# What may be read, tested and fuzzed without what stands above it.
@test "the lower folders of preload/ include what lies below them, and nothing else" {
	local folder below
	while read -r folder below; do
		[ -n "$(ls preload/"$folder"/*.c)" ]
		is_empty "includes in preload/$folder/" "$(includes preload/"$folder"/* |
			grep ' \.\./' | grep -Ev " \.\./(${below// /|})$")"
	done <<-'END'
		system -
		prototype system/[a-z_]+\.h
		conf abi\.h (prototype|system|hot)/[a-z_]+\.h
		elf (system|hot)/[a-z_]+\.h
		entry entry\.h
		wire wire\.h system/(slice|pages)\.h
	END
}

# A folder of runtime/command/ that has a file of its own name is a command's.
@test "a command includes what commands share, and of other commands what the list allows" {
	local between from to found=
	# "FROM TO", folders
	between=$(includes $(sources runtime/command) |
		sed -nE 's#^runtime/command/([a-z]+)/[^ ]+ \.\./([a-z]+)/[a-z]+\.h$#\1 \2#p' | sort -u)
	[ -n "$between" ]
	is_empty "folders that include each other" \
		"$(comm -12 <(echo "$between") <(awk '{print $2, $1}' <<<"$between" | sort))"
	while read -r from to; do
		[ ! -e "runtime/command/$to/$to.c" ] || found+="$from $to"$'\n'
	done <<<"$between"
	are_same "commands.txt" "$(awk '!/^#/ && NF {print $1, $2}' tests/borders/commands.txt)" "${found%$'\n'}"
}

# What the compiler found, by whatever way.
@test "what was compiled crossed no border either" {
	local preload runtime
	preload=$(find build/obj/preload -name '*.d')
	runtime=$(find build/obj/runtime -name '*.d')
	[ -n "$preload" ]
	[ -n "$runtime" ]
	is_empty "preload/ depends on" "$(grep -ho '[^ ]*runtime/[^ :]*' $preload | sort -u)"
	is_empty "runtime/ depends on" "$(grep -ho '[^ ]*preload/[^ :]*\.h' $runtime | sort -u |
		grep -Ev '(^|/)preload/abi\.h$')"
	is_empty "hot/ depends on" "$(grep -ho '[^ ]*preload/[^ :]*\.h' $hot/*.d | sort -u |
		grep -Ev '^preload/hot/[^./]+\.h$|^preload/(hot/\.\./)?abi\.h$')"
}

@test "a library's header appears in the one file that wraps it" {
	local found
	found=$(includes $(sources runtime preload) | awk '{print $2, $1}' |
		grep -E '^[^ ]*(cJSON|sqlite3|uuid/|libpq|libunwind|libiberty|libelf|elfutils|gelf|dwarf\.h|Zydis|Python\.h|curl/|cmocka|http_parser|nghttp2|brotli|zlib\.h|zstd\.h)' | sort)
	are_same "libraries.txt" "$(awk '!/^#/ && NF {print $1, $2}' tests/borders/libraries.txt)" "$found"
}

# --- modules ------------------------------------------------------------------------------------------

@test "the flusher exports its one entry" {
	are_same "exports of flusher.so" ts_flusher_run "$(exported build/modules/flusher.so)"
}

@test "the demangler exports its one entry, and takes nothing from the program's malloc" {
	are_same "exports of demangle.so" ts_demangle "$(exported build/modules/demangle.so)"
	is_empty "memory of the program" "$(imported build/modules/demangle.so | grep -E 'alloc|free|mmap|brk')"
}

@test "a store exports what a store is" {
	local store
	for store in sqlite postgresql; do
		are_same "exports of store_$store.so" $'ts_admin\nts_source\nts_store' \
			"$(exported build/modules/store_$store.so)"
	done
}

@test "the mover of entries exports its one entry, and needs its decoder and nothing else" {
	are_same "exports of entry.so" ts_entry_move "$(exported build/modules/entry.so)"
	is_empty "needed by entry.so" \
		"$(needed build/modules/entry.so | grep -vxE 'libZydis\.so\.[0-9.]+|libc\.so\.6')"
	is_empty "imports of entry.so" "$(imported build/modules/entry.so |
		grep -vxE 'Zydis.*|mem(cpy|set|move|cmp)|_ITM_.*|__cxa_finalize|__gmon_start__')"
}

@test "the front end for Python exports its one entry, and needs the C library and the interpreter" {
	are_same "exports of python.so" ts_python_start "$(exported build/modules/python.so)"
	is_empty "needed by python.so" "$(needed build/modules/python.so | grep -vxE 'libc\.so\.6|ld-linux-x86-64\.so\.2')"
	is_empty "imports of python.so" "$(imported build/modules/python.so |
		grep -vxE '_?Py_?[A-Z].*|mem(cpy|set|cmp)|str[a-z]+|[cm]alloc|realloc|free|dlsym|__tls_get_addr|_ITM_.*|__cxa_finalize|__gmon_start__')"
}

@test "the follower of connections exports its one entry, and takes nothing from the program's malloc" {
	are_same "exports of wire.so" ts_wire_heads "$(exported build/modules/wire.so)"
	is_empty "needed by wire.so" "$(needed build/modules/wire.so | grep -vx 'libc\.so\.6')"
	is_empty "imports of wire.so" "$(imported build/modules/wire.so |
		grep -vxE 'mem(chr|cmp|cpy|move|rchr|set)|str(chr|cspn|len)|_ITM_.*|__assert_fail|__cxa_finalize|__gmon_start__|__stack_chk_fail')"
}

@test "SQLite lies inside its store and is seen by nobody" {
	is_empty "needed" "$(needed build/modules/store_sqlite.so | grep -i sqlite)"
	is_empty "names of SQLite that other objects could meet" \
		"$(nm -D build/modules/store_sqlite.so | grep -i ' sqlite3_')"
}

@test "no module needs the shim, another module, or what only the command reads" {
	local file
	for file in build/modules/*.so; do
		is_empty "$file needs" "$(needed "$file" | grep -E 'libdw')"
		is_empty "$file needs" "$(needed "$file" | grep -E 'traceshim|flusher|store_')"
		# what stack.so has for libunwind alone
		is_empty "$file exports" "$(exported "$file" | grep -v '^ts_' |
			{ [ "$file" = build/modules/stack.so ] && grep -vx sigprocmask || cat; })"
	done
}
