def main(): print("node")
