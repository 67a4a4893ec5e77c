/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BOT_H
#define BOT_H

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bot
{

enum class Kind { plain, loud };

struct Point {
	double x, y;
};

class Memory
{
      public:
	explicit Memory(const std::string &name);
	virtual ~Memory();

	/* by reference, results in memory */
	std::string run(const std::string &query);
	std::string run(const std::string &query, int limit) const;
	std::string run(std::string_view query);
	virtual std::string recall(int key);
	const std::string &name() const;
	std::string_view tail(std::size_t n) const;
	static int parse(const char *text, std::size_t n);
	int operator()(int a, int b);
	std::size_t operator[](const std::string &key) const;

      private:
	std::string name_;
};

/* by value, by every kind of reference, by pointer */
std::string shout(std::string text);
std::size_t take(std::string &&text);
std::size_t append(std::string &to, const std::string &what);
std::size_t length(const std::string *text);
std::size_t measure(std::string_view text);
std::size_t measure_all(int a, std::string_view b, int c, std::string_view d, std::string_view e,
			int f);
std::size_t view_of(const std::string_view &text);
std::string_view first(std::string_view text, char until);
std::string name();
std::string_view version();
long sum(const std::vector<int> &numbers, const std::map<std::string, long> &weights);
std::size_t joined(std::vector<std::string> parts, std::shared_ptr<int> n,
		   const std::string &between);
std::vector<std::string> split(const std::string &text, char at);
int choose(Kind kind, int n);
double norm(Point point);
int call(const std::function<int(int)> &function, int (*other)(int, const char *), int n);
long wide(int64_t a, unsigned b, unsigned long long c, const long &d);
int visit(long telegram_id, const std::string &tenant_id, const std::string &text);
std::string fail(const std::string &why, int depth);

template <typename T> struct Box {
	T one;
	T get(int n) const;
};

template <typename T> T twice(T value, const std::string &label);

extern template struct Box<int>;
extern template struct Box<std::string>;
extern template int twice(int, const std::string &);
extern template std::string twice(std::string, const std::string &);

} // namespace bot

std::size_t plain(const std::string &text);
extern "C" std::size_t note(const std::string &text);
extern "C" std::size_t glance(std::string_view text);

#endif
