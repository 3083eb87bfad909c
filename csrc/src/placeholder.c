typedef int evenload_placeholder;
