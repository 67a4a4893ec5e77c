/* SPDX-License-Identifier: Apache-2.0 */
/* A bot's functions, as C++ programs have them. */

#include "bot.h"

#include <cmath>
#include <numeric>

namespace bot
{

Memory::Memory(const std::string &name) : name_(name)
{
}

Memory::~Memory()
{
}

std::string Memory::run(const std::string &query)
{
	return name_ + " knows of " + query;
}

std::string Memory::run(const std::string &query, int limit) const
{
	return query.substr(0, limit);
}

std::string Memory::run(std::string_view query)
{
	return "view " + std::string(query);
}

std::string Memory::recall(int key)
{
	return std::string(key, 'r');
}

const std::string &Memory::name() const
{
	return name_;
}

std::string_view Memory::tail(std::size_t n) const
{
	return std::string_view(name_).substr(name_.size() - n);
}

int Memory::parse(const char *text, std::size_t n)
{
	return std::stoi(std::string(text, n));
}

int Memory::operator()(int a, int b)
{
	return a * b + static_cast<int>(name_.size());
}

std::size_t Memory::operator[](const std::string &key) const
{
	return name_.find(key);
}

std::string shout(std::string text)
{
	for (char &c : text)
		c = static_cast<char>(toupper(c));
	return text;
}

std::size_t take(std::string &&text)
{
	std::string own = std::move(text);
	return own.size();
}

std::size_t append(std::string &to, const std::string &what)
{
	to += what;
	return to.size();
}

std::size_t length(const std::string *text)
{
	return text ? text->size() : 0;
}

std::size_t measure(std::string_view text)
{
	return text.size();
}

std::size_t measure_all(int a, std::string_view b, int c, std::string_view d, std::string_view e,
			int f)
{
	return a + b.size() + c + d.size() + e.size() + f;
}

std::size_t view_of(const std::string_view &text)
{
	return text.size();
}

std::string_view first(std::string_view text, char until)
{
	return text.substr(0, text.find(until));
}

std::string name()
{
	return "the bot";
}

std::string_view version()
{
	return "1.2.3";
}

long sum(const std::vector<int> &numbers, const std::map<std::string, long> &weights)
{
	long all = std::accumulate(numbers.begin(), numbers.end(), 0L);
	for (const auto &weight : weights)
		all += weight.second;
	return all;
}

std::size_t joined(std::vector<std::string> parts, std::shared_ptr<int> n,
		   const std::string &between)
{
	std::size_t all = *n;
	for (const auto &part : parts)
		all += part.size() + between.size();
	return all;
}

std::vector<std::string> split(const std::string &text, char at)
{
	std::vector<std::string> parts;
	std::size_t from = 0, to;
	while ((to = text.find(at, from)) != std::string::npos) {
		parts.push_back(text.substr(from, to - from));
		from = to + 1;
	}
	parts.push_back(text.substr(from));
	return parts;
}

int choose(Kind kind, int n)
{
	return kind == Kind::loud ? n : -n;
}

double norm(Point point)
{
	return std::hypot(point.x, point.y);
}

int call(const std::function<int(int)> &function, int (*other)(int, const char *), int n)
{
	return function(n) + other(n, "n");
}

long wide(int64_t a, unsigned b, unsigned long long c, const long &d)
{
	return a + b + static_cast<long>(c) + d;
}

int visit(long telegram_id, const std::string &tenant_id, const std::string &text)
{
	return static_cast<int>(telegram_id + tenant_id.size() + text.size());
}

std::string fail(const std::string &why, int depth)
{
	if (!depth)
		throw std::runtime_error(why);
	std::string deeper = fail(why + ".", depth - 1);
	return deeper + why;
}

template <typename T> T Box<T>::get(int n) const
{
	T all = one;
	while (n-- > 1)
		all += one;
	return all;
}

template <typename T> T twice(T value, const std::string &label)
{
	return label.empty() ? value : value + value;
}

template struct Box<int>;
template struct Box<std::string>;
template int twice(int, const std::string &);
template std::string twice(std::string, const std::string &);

} // namespace bot

std::size_t plain(const std::string &text)
{
	return text.size();
}

extern "C" std::size_t note(const std::string &text)
{
	return text.size();
}

extern "C" std::size_t glance(std::string_view text)
{
	return text.size();
}
