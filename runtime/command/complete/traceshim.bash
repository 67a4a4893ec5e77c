# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of traceshim for bash. What there is to complete is asked of the command itself.

# Of each line of standard input what stands before the first tab, where it begins with $1; quoted as the line wants it.
_traceshim_offer() {
	local candidate
	while IFS=$'\t' read -r candidate _; do
		[[ $candidate == "$1"* ]] && COMPREPLY+=("$(printf %q "$candidate")")
	done
}

# The value of option $3 of command $2, of which there is $4.
_traceshim_value() {
	local value
	value=$("$1" complete options "$2" 2>/dev/null | awk -F '\t' -v option="$3" '$1 == option {print $2}')
	case $3:$value in
	--pipeline:*) _traceshim_offer "$4" < <(timeout 2 "$1" complete pipelines 2>/dev/null) ;;
	*:*'|'*) _traceshim_offer "$4" <<<"${value//|/$'\n'}" ;;
	*:FILE | *:DIR | *:PATH) mapfile -t COMPREPLY < <(compgen -f -- "$4") ;;
	esac
}

# The words of command $2, of which there is $3.
_traceshim_words() {
	local word
	while read -r word; do
		case $word in
		@traces) _traceshim_offer "$3" < <(timeout 2 "$1" complete traces 2>/dev/null) ;;
		@commands | @files) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$3") ;;
		*) _traceshim_offer "$3" <<<"$word" ;;
		esac
	done < <("$1" complete words "$2" 2>/dev/null)
	[ ${#COMPREPLY[@]} -gt 0 ] || _traceshim_offer "$3" < <("$1" complete options "$2" 2>/dev/null)
}

_traceshim() {
	local traceshim=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} at=1 command i
	COMPREPLY=()
	# --option=value is three words here
	[ "$word" = = ] && word=
	[ "$before" = = ] && before=${COMP_WORDS[COMP_CWORD - 2]}
	[ "${COMP_WORDS[1]}" = --tenant ] && at=3
	[ "${COMP_WORDS[2]}" = = ] && at=4
	command=${COMP_WORDS[at]}
	for ((i = at + 1; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" = -- ] || continue
		if [ "$i" = $((COMP_CWORD - 1)) ]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$word")
		else
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
		fi
		return
	done
	if [ "$COMP_CWORD" -lt "$at" ]; then
		return
	elif [ "$COMP_CWORD" = "$at" ]; then
		_traceshim_offer "$word" < <("$traceshim" complete commands 2>/dev/null
			printf '%s\n' --tenant --version)
	elif [ "$command" = help ]; then
		_traceshim_offer "$word" < <("$traceshim" complete commands 2>/dev/null)
	elif [[ $before == -* ]] && [ -n "$("$traceshim" complete options "$command" 2>/dev/null |
		awk -F '\t' -v option="$before" '$1 == option {print $2}')" ]; then
		_traceshim_value "$traceshim" "$command" "$before" "$word"
	elif [[ $word == -* ]]; then
		_traceshim_offer "$word" < <("$traceshim" complete options "$command" 2>/dev/null)
	else
		_traceshim_words "$traceshim" "$command" "$word"
	fi
}

complete -o filenames -F _traceshim traceshim
