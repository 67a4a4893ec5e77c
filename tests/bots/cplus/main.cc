/* SPDX-License-Identifier: Apache-2.0 */
/* Calls what bot.h has, each with strings that lie in the object and with strings that do not. */

#include "bot.h"

#include <iostream>

static const std::string long_text =
	"a text that is longer than what any string keeps in itself, grüß dich";

static void members()
{
	bot::Memory memory("elephant");
	const bot::Memory &same = memory;

	std::cout << memory.run(std::string("short")) << '\n' << memory.run(long_text) << '\n';
	std::cout << memory.run(std::string("limited"), 3) << '\n'
		  << memory.run(std::string_view("viewed")) << '\n';
	std::cout << memory.recall(3) << '\n' << memory.recall(40) << '\n';
	std::cout << same.name() << ' ' << same.tail(4) << ' ' << same["pha"] << '\n';
	std::cout << bot::Memory::parse("1234xx", 4) << ' ' << memory(6, 7) << '\n';
}

static void strings()
{
	std::string text = "seed";

	std::cout << bot::shout("quiet") << '\n'
		  << bot::shout(long_text) << '\n'
		  << bot::shout("") << '\n';
	std::cout << bot::take(std::string("moved")) << ' ' << bot::append(text, "ling") << ' '
		  << text << '\n';
	std::cout << bot::length(&text) << ' ' << bot::length(nullptr) << ' ' << plain("plain")
		  << ' ' << note("noted") << ' ' << glance("glanced at") << '\n';
	std::cout << bot::name() << ' ' << bot::version() << '\n';
	std::cout << bot::twice(21, "x") << ' ' << bot::twice(std::string("ab"), "x") << '\n';
	std::cout << bot::Box<int>{5}.get(3) << ' ' << bot::Box<std::string>{"box"}.get(2) << '\n';
}

static void views()
{
	std::cout << bot::measure("measured") << ' ' << bot::measure({}) << ' '
		  << bot::measure(std::string_view("not whole", 3)) << '\n';
	std::cout << bot::measure_all(1, "b", 2, "dd", "eee", 3) << ' '
		  << bot::view_of(std::string_view("by reference")) << ' '
		  << bot::first("head,rest", ',') << '\n';
}

static void others()
{
	std::cout << bot::sum({1, 2, 3}, {{"a", 10}, {"b", 20}}) << ' '
		  << bot::joined({"x", "yy"}, std::make_shared<int>(100), "--") << ' '
		  << bot::split("a,b,c", ',').size() << '\n';
	std::cout << bot::choose(bot::Kind::loud, 4) << ' ' << bot::norm({3, 4}) << ' '
		  << bot::call([](int n) { return n + 1; },
			       [](int n, const char *) { return n * 2; }, 5)
		  << ' ' << bot::wide(-1, 2, 3, 4) << '\n';
}

static void failures()
{
	try {
		std::cout << bot::fail("reason", 2) << '\n';
	} catch (const std::exception &e) {
		std::cout << "caught " << e.what() << '\n';
	}
}

int main()
{
	std::cout << bot::visit(7, "house", "come in") << '\n';
	members();
	strings();
	views();
	others();
	failures();
	return 0;
}
