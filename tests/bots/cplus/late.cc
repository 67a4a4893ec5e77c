/* SPDX-License-Identifier: Apache-2.0 */
/* Loads the bot's library while it runs, and looks its functions up by their mangled names: late LIBRARY NAME */

#include <dlfcn.h>

#include <iostream>
#include <string>
#include <string_view>

int main(int argc, char **argv)
{
	using measure = std::size_t(std::string_view);

	if (argc != 3)
		return 2;
	void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
	auto found = reinterpret_cast<measure *>(library ? dlsym(library, argv[2]) : nullptr);
	if (!found)
		return 1;
	std::cout << found("late") << '\n';
	return 0;
}
