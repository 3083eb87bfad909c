def main():
    print("node")
