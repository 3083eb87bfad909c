def main(): print("evenload")
