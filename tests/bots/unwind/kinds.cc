// SPDX-License-Identifier: Apache-2.0
// Exceptions of every kind leave a wrapped call. Needs of the C++ library only what every runtime has.

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <unwind.h>

#include "calls.h"

namespace shop
{

struct error : std::exception {
	const char *text;
	explicit error(const char *words) : text(words)
	{
	}
	const char *what() const noexcept override
	{
		return text;
	}
};

struct late : error {
	using error::error;
};

template <typename T> struct of : error {
	using error::error;
};

} // namespace shop

namespace
{

struct hidden : shop::error {
	using error::error;
};

struct numbered {
	virtual ~numbered() = default;
	int number = 7;
};

struct second_base : numbered, shop::error {
	using error::error;
};

struct shared_base : numbered, virtual std::exception {
	const char *what() const noexcept override
	{
		return "a virtual base";
	}
};

struct left_base : virtual shop::error {
	left_base() : error("")
	{
	}
};

struct right_base : virtual shop::error {
	right_base() : error("")
	{
	}
};

struct diamond : left_base, right_base {
	diamond() : error("the tip of a diamond")
	{
	}
};

struct secret : private std::exception {
};

struct silent : std::exception {
	const char *what() const noexcept override
	{
		return nullptr;
	}
};

// Calls a wrapped function, throws and catches, and changes errno. The program itself asks it twice.
struct busy : std::exception {
	const char *what() const noexcept override
	{
		try {
			reach([](int number) -> int { throw number; }, 3);
		} catch (int) {
		}
		errno = ERANGE;
		return leaf(1) ? "much ado" : "";
	}
};

enum class fault { minor, major };

struct plain {
	int number;
};

char words[5001];

// An exception of a language that C++ does not know.
struct foreign {
	_Unwind_Exception header;
};

[[noreturn]] void raise_foreign(std::uint64_t kind)
{
	static foreign exception;

	exception.header.exception_class = kind;
	exception.header.exception_cleanup = nullptr;
	_Unwind_RaiseException(&exception.header);
	std::abort();
}

// What is kept and thrown on later. LLVM's std::exception_ptr is in libc++, which stands on these two.
#ifdef LLVM_ABI
extern "C" void *__cxa_current_primary_exception();
extern "C" void __cxa_rethrow_primary_exception(void *);

[[noreturn]] void throw_kept()
{
	void *kept = nullptr;

	try {
		throw second_base("kept");
	} catch (...) {
		kept = __cxa_current_primary_exception();
	}
	__cxa_rethrow_primary_exception(kept);
	std::abort();
}
#else
[[noreturn]] void throw_kept()
{
	std::exception_ptr kept;

	try {
		throw second_base("kept");
	} catch (...) {
		kept = std::current_exception();
	}
	std::rethrow_exception(kept);
}
#endif

int fail(int number)
{
	static shop::late kept("by its address");

	errno = ENOENT;
	switch (number) {
	case 0:
		throw shop::error("no such user");
	case 1:
		throw shop::late("Sunday");
	case 2:
		throw shop::of<int>("a template");
	case 3:
		throw hidden("in no other file");
	case 4:
		throw second_base("a second base");
	case 5:
		throw shared_base();
	case 6:
		throw diamond();
	case 7:
		throw secret();
	case 8:
		throw silent();
	case 9:
		throw busy();
	case 10:
		throw 42;
	case 11:
		throw "text";
	case 12:
		throw &kept;
	case 13:
		throw fault::major;
	case 14:
		throw plain{3};
	case 15:
		throw shop::error("");
	case 16:
		throw shop::error(words);
	case 17:
		throw shop::error("not \xff UTF-8");
	case 18:
		throw shop::error("{\"password\": \"hunter2\", \"user\": 7}");
	case 19:
		raise_foreign(0x544553544c414e47);
	case 20:
		raise_foreign(0x4d4f5a0052555354);
	case 21:
		throw std::bad_alloc();
	case 22:
		throw_kept();
	default:
		return number;
	}
}

void catch_one(int number)
{
	try {
		std::printf("%d: answered %d\n", number, reach(fail, number));
	} catch (const std::exception &error) {
		std::printf("%d: %.40s", number, error.what() ? error.what() : "nothing");
	} catch (...) {
		std::printf("%d: something", number);
	}
	std::printf(", errno %d\n", number == 9 ? ENOENT : errno);
}

void all()
{
	std::memset(words, 'w', sizeof(words) - 1);
	for (int i = 0; i < 24; i++)
		catch_one(i);
}

} // namespace

int main()
{
	play(all);
	std::puts("done");
	return 0;
}
